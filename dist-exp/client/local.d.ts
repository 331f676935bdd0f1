export { openBrowser } from '../platform/browser.ts';
export { helperPrograms, nativeClient, program as mainProgram } from './start.ts';
export { listenOnLoopback } from '../platform/listen.ts';
export { paths } from '../platform/paths.ts';
export { readAudit, verifyAudit } from '../platform/audit-files.ts';
export { processAsCaller } from '../platform/caller.ts';
export { isOwnPort } from '../platform/tcp-peer.ts';
export { address, connectionFailure } from './transport.ts';
