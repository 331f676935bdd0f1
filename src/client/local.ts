// What the command line needs of this machine: paths, a browser, whose program is at the other end of a connection. The
// command line itself imports no platform code.

export { openBrowser } from '../platform/desktop/browser.ts'
export { helperPrograms, nativeClient, program as mainProgram } from './start.ts'
export { listenOnLoopback } from '../platform/listen.ts'
export { paths } from '../platform/fs/paths.ts'
export { processAsCaller } from '../platform/process/caller.ts'
export { isOwnPort } from '../platform/process/tcp-peer.ts'
export { address, connectionFailure } from './transport.ts'
