// What the command line needs of this machine: paths, a browser, whose program is at the other end of a connection. The
// command line itself imports no platform code.
export { openBrowser } from '../platform/browser.js';
export { helperPrograms, nativeClient, program as mainProgram } from './start.js';
export { listenOnLoopback } from '../platform/listen.js';
export { paths } from '../platform/paths.js';
export { readAudit, verifyAudit } from '../platform/audit-files.js';
export { processAsCaller } from '../platform/caller.js';
export { isOwnPort } from '../platform/tcp-peer.js';
export { address, connectionFailure } from './transport.js';
