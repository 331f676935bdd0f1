// Points at which a test can kill the agent: before and after each step that a crash must not undo. Only tests set
// AUTHSOCK_FAULT_POINT.

import { writeSync } from 'node:fs'

/** `point`: `before METHOD` or `after METHOD`. */
export type FaultPoint = (point: string) => void

/**
 * `AUTHSOCK_FAULT_POINT=N` kills the process by SIGKILL at the Nth point, counted from the first refresh, and writes the name of
 * the point to stderr.
 */
export function faultPoint(env: NodeJS.ProcessEnv): FaultPoint | undefined {
  const fatal = Number(env['AUTHSOCK_FAULT_POINT'])
  if (!Number.isInteger(fatal) || fatal < 1) return undefined
  let passed = 0
  return (point) => {
    if (passed === 0 && point !== 'before acquire_lock') return
    passed += 1
    if (passed !== fatal) return
    writeSync(2, `fault point ${passed}: ${point}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}

/** A copy of `target` with a point before and after each call of these methods. */
export function withFaultPoints<T extends object>(target: T, methods: readonly (keyof T & string)[], at: FaultPoint): T {
  const copy = { ...target }
  for (const name of methods) {
    const method = target[name] as (...args: readonly unknown[]) => Promise<unknown>
    const replaced = async (...args: readonly unknown[]): Promise<unknown> => {
      at(`before ${name}`)
      const result = await method(...args)
      at(`after ${name}`)
      return result
    }
    copy[name] = replaced as T[typeof name]
  }
  return copy
}
