// Places at which a test may have the agent killed: each is the moment before or after a step that a crash must not undo.
// Without AUTHSOCK_FAULT_POINT, which tests alone set, there is none.

import { writeSync } from 'node:fs'

/** Told what is about to happen or has happened. */
export type FaultPoint = (place: string) => void

/**
 * `AUTHSOCK_FAULT_POINT=N` kills the process, as kill -9 does, at the Nth place from the first refresh on, and says on stderr
 * which one it was.
 */
export function faultPoint(env: NodeJS.ProcessEnv): FaultPoint | undefined {
  const fatal = Number(env['AUTHSOCK_FAULT_POINT'])
  if (!Number.isInteger(fatal) || fatal < 1) return undefined
  let passed = 0
  return (place) => {
    if (passed === 0 && place !== 'before acquire_lock') return
    passed += 1
    if (passed !== fatal) return
    writeSync(2, `fault point ${passed}: ${place}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}

/** Each call of a method of `target` becomes two places. */
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
