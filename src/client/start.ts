// Starting the agent where nobody listens. Many clients may do so at once: the agents settle among themselves which one
// stays (the others exit with 0), and every client goes on asking until one answers.

import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, lstatSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Failure } from '../core/failures.ts'
import { cleanEnvironment } from '../platform/process/hardening.ts'
import { diskFailure } from '../platform/fs/disk.ts'
import { openOwnFileSync, readOwnFileSync } from '../platform/fs/own-file.ts'
import type { Paths } from '../platform/fs/paths.ts'
import { preparePrivateFolder } from '../platform/fs/private-folder.ts'

/** ms for an agent to come up, on a machine that is busy. */
const patience = 20_000
/** Bytes. What is written there are warnings and errors alone. */
const maxLog = 256 * 1024

/** Resolves when `isThere` does. Throws agent_unreachable with what the agent said. */
export async function startAgent(paths: Paths, env: NodeJS.ProcessEnv, isThere: () => Promise<boolean>): Promise<void> {
  const log = openLog(paths.logFile)
  const logged = statSync(paths.logFile).size
  const child = spawn(process.execPath, [program(), 'agent', '--log', 'quiet'], {
    detached: true,
    stdio: ['ignore', 'ignore', log],
    env: cleanEnvironment(env),
    cwd: '/',
    windowsHide: true,
  })
  closeSync(log)
  child.unref()
  let failed: number | undefined
  child.on('error', () => {
    failed = -1
  })
  child.on('exit', (code) => {
    if (code !== 0) failed = code ?? -1
  })
  const deadline = Date.now() + patience
  for (let wait = 10; Date.now() < deadline; wait = Math.min(wait * 1.5, 200)) {
    await pause(wait)
    if (await isThere()) return
    if (failed !== undefined) break
  }
  const said = readOwnFileSync(paths.logFile)?.subarray(logged).toString().trim() ?? ''
  const lines = said.split('\n').map((line) => line.replace(/^authsock: /, ''))
  const why = lines.findLast((line) => line !== '' && !line.startsWith('hint: '))
  const hint = lines.findLast((line) => line.startsWith('hint: '))?.slice('hint: '.length)
  const text = failed === undefined ? 'the agent was started and does not answer' : 'the agent could not be started'
  throw new Failure('agent_unreachable', why === undefined ? text : `${text}: ${why}`, hint === undefined ? {} : { hint })
}

function openLog(path: string): number {
  try {
    preparePrivateFolder(dirname(path))
    // The current log and the previous one are kept.
    if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLog) renameSync(path, `${path}.1`)
    return openOwnFileSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
  } catch (error) {
    throw diskFailure(error, `${path} cannot be written`)
  }
}

/** dist/bin, which `npm run build` fills. */
export const helperPrograms = fileURLToPath(new URL('../bin', import.meta.url))

/** Of a package that has one for this platform. */
export const nativeClient = fileURLToPath(
  new URL(
    `../native/${process.platform}-${process.arch}/authsock-client${process.platform === 'win32' ? '.exe' : ''}`,
    import.meta.url,
  ),
)

/** src/main.ts or dist/main.js, whichever this module belongs to. */
export function program(): string {
  const built = fileURLToPath(new URL('../main.js', import.meta.url))
  return existsSync(built) ? built : fileURLToPath(new URL('../main.ts', import.meta.url))
}
