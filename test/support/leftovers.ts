// A run of the tests has a temporary folder of its own, which every process and scratch home of the run names. At its end no such process
// may run and the folder must be empty: a test that leaves an agent behind fails the run (T2).

import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** For processes that are ending. */
const endTimeoutMs = 30_000

/** Makes the folder and gives it to the workers as TMPDIR. Short: the path of a socket has at most 108 bytes. */
export function startRun(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'at-')))
  // As /tmp: some tests run programs as other users.
  chmodSync(folder, 0o1777)
  process.env['TMPDIR'] = folder
  return folder
}

/** Throws if something is left, after ending it and removing the folder. */
export async function endRun(folder: string): Promise<void> {
  const deadline = performance.now() + endTimeoutMs
  while (processesOf(folder).length > 0 && performance.now() < deadline) await pause(100)
  const processes = processesOf(folder)
  for (const { pid } of processes) process.kill(pid, 'SIGKILL')
  const files = readdirSync(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  const left = [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...files.map((name) => `file ${name}`)]
  if (left.length > 0) throw new Error(`the tests left behind:\n${left.join('\n')}`)
}

interface RunningProcess {
  readonly pid: number
  readonly command: string
}

/** All whose arguments, environment or working directory name the folder; of Linux. Not this process and its children: vitest's own. */
function processesOf(folder: string): readonly RunningProcess[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    try {
      const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
      const named = [read('cmdline'), read('environ'), readlinkSync(`/proc/${pid}/cwd`)]
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(read('status')) ?? []
      if (Number(parent) === process.pid) return []
      // A zombie has none of them.
      return named.some((text) => text.includes(folder)) ? [{ pid, command: read('cmdline').replaceAll('\0', ' ').trim() }] : []
    } catch {
      return []
    }
  })
}
