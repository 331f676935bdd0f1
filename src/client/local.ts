// What the command line needs of this machine: paths and a browser. The command line itself imports no platform code.

export { openBrowser } from '../platform/browser.ts'
export { helperPrograms, nativeClient, program as mainProgram } from './start.ts'
export { paths } from '../platform/paths.ts'
