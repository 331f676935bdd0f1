// A timer of the user's systemd that starts the agent's service: for work that is due while no agent runs.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const unit = 'authsock-wake'
export const wakeTimer = `${unit}.timer`
const timeoutMs = 10_000

/** Replaces an earlier one. `at`: ms since the epoch. Resolves to false if this system has no such timer. */
export async function wakeAgentAt(at: number, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const options = { env, timeout: timeoutMs }
  const when = [`--unit=${unit}`, `--on-calendar=@${Math.ceil(at / 1000)}`, '--timer-property=AccuracySec=1s', '--collect']
  // There is none, most of the time.
  await run('systemctl', ['--user', 'stop', wakeTimer], options).catch(() => {})
  return run('systemd-run', ['--user', '--quiet', ...when, 'systemctl', '--user', 'start', 'authsock.service'], options).then(
    () => true,
    () => false,
  )
}
