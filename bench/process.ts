// What the kernel says of a process: its memory, its time on the processor, how often it was woken.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const read = (path: string): string => readFileSync(path, 'utf8')

/** Microseconds that all threads have run. */
export function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((sum, thread) => sum + Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]) / 1000, 0)
}

/** How often all threads have gone to sleep of their own will: each of them was woken. */
export function wakeUps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(read(`/proc/${pid}/task/${thread}/status`))?.[1])
  }, 0)
}

/** MiB, what is shared by its part. NaN where the kernel keeps it from this user: the agent is not dumpable. */
export function memory(pid: number): number {
  try {
    return Number(/^Pss:\s*(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

/** Resolves when it has not run for half a second; ms of the processor's time it took until then. Throws after two minutes. */
export async function untilQuiet(pid: number): Promise<number> {
  for (const end = performance.now() + 120_000; performance.now() < end;) {
    const before = processorTime(pid)
    await pause(500)
    const now = processorTime(pid)
    if (now - before < 5000) return now / 1000
  }
  throw new Error('it does not come to rest within two minutes')
}
