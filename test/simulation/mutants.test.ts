// The simulation is worth what it notices: the engine is changed for the worse in one place at a time, and a simulation over
// the changed copy must find it.

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'authsock-mutants-'))
  for (const part of ['src', 'test/simulation', 'protocol', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

interface Mutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const mutants: readonly Mutant[] = [
  {
    name: 'R2 the answer leaves before it is saved',
    file: 'src/core/session/finish-refresh.ts',
    from: "return { session: { ...carriedOver(session), step: 'store', record, next }, effects: [{ type: 'save', record: next }] }",
    to: "return { session: { ...carriedOver(session), step: 'store', record, next }, effects: [{ type: 'answer', target, outcome: token }, { type: 'save', record: next }] }",
  },
  {
    name: 'R3 the intent is not written',
    file: 'src/core/session/start-refresh.ts',
    from: "if (renewedBy(record.grant) === 'grant' || digest === undefined) return post(session, record, 'none')",
    to: "return post(session, record, 'none')",
  },
  {
    name: 'R4 a time-out is taken for invalid_grant',
    file: 'src/core/session/finish-refresh.ts',
    from: '  switch (refusal.kind) {',
    to: "  switch (refusal.kind === 'no_answer' ? 'invalid_grant' : refusal.kind) {",
  },
  {
    name: 'R4 what may have been spent is sent again at once',
    file: 'src/core/session/retry-plan.ts',
    from: 'return token === undefined || isFromTheFuture(token.obtainedAt, now) ? now : Math.max(now, servableUntil(token) ?? now)',
    to: 'return now',
  },
  {
    name: 'R4 a known grace period is not used',
    file: 'src/core/session/retry-plan.ts',
    from: 'if (now < replayUntil) {',
    to: 'if (now < replayUntil && attempts < 0) {',
  },
  {
    name: 'R4 a busy answer is taken for the answer to an earlier request',
    file: 'src/core/session/finish-refresh.ts',
    from: "      if (earlier === 'unanswered') return conclude(session, record, retryAmbiguous(), now)\n",
    to: '',
  },
  {
    name: 'R17 a refused target ends the session',
    file: 'src/core/session/finish-refresh.ts',
    from: "    case 'refused':\n",
    to: "    case 'refused':\n      if (!isPrimary(record, session.target)) return check(session, earlier, refusal)\n",
  },
  {
    name: 'R17 a refused target is requested again at once',
    file: 'src/core/session/refused-targets.ts',
    from: '  if (left <= 0) return undefined\n',
    to: '  if (left > 0) return undefined\n',
  },
  {
    name: 'R5 a refusal deletes the session',
    file: 'src/agent/sessions/session-runner.ts',
    from: "      case 'notify':\n",
    to: "      case 'notify':\n        if (effect.notice.type === 'login_required') await this.#ports.store.remove(this.profile)\n",
  },
  {
    name: 'R6 an answer is not believed to hold a new refresh token',
    file: 'src/core/session/finish-refresh.ts',
    from: 'const refreshToken = response.refreshToken ?? record.refreshToken // R6',
    to: 'const refreshToken = record.refreshToken ?? response.refreshToken',
  },
  {
    name: 'R8 a token is served after its end',
    file: 'src/core/session/tokens.ts',
    from: 'if (isLive && isLifeKnown && remaining(token, now) >= requiredLifeMs(token, minTtl)) {',
    to: 'if (token !== undefined) {',
  },
  {
    name: 'R9 the lock is not taken',
    file: 'src/agent/sessions/session-effects.ts',
    from: '    this.#lock = await this.#ports.lock.acquire(SessionStore.lockId(this.#profile), lockTimeoutMs, this.#abort.signal)',
    to: '    this.#lock = { isHeld: async () => true, release: async () => {} }',
  },
  {
    name: 'R9 the store is not looked at under the lock',
    file: 'src/core/session/start-refresh.ts',
    from: '  const record = latest(session.record, stored)\n',
    to: '  const record = session.record\n',
  },
  {
    name: 'R9 a lock that was lost is not noticed',
    file: 'src/agent/sessions/session-effects.ts',
    from: 'if ((await this.#lock?.isHeld()) !== true) {',
    to: 'if (this.#lock === undefined) {',
  },
  {
    name: 'R2 the folder is not synced after the rename',
    file: 'src/store/files/sealed-files.ts',
    from: '      throw error\n    }\n    await this.#disk.syncFolder(this.#folder)\n  }\n\n  #path',
    to: '      throw error\n    }\n  }\n\n  #path',
  },
  {
    name: 'R10 no generation is kept',
    file: 'src/store/files/sealed-files.ts',
    from: '      if (keepsNewest) {',
    to: '      if (keepsNewest) {\n        await this.#disk.remove(newest)\n      } else if (keepsNewest) {',
  },
]

test.each(mutants)(
  'noticed: $name',
  async ({ file, from, to }) => {
    const path = join(copy, file)
    const original = readFileSync(path, 'utf8')
    expect(original.split(from).length).toBe(2)
    writeFileSync(
      path,
      original.replace(from, () => to),
    )
    try {
      const outcome = await run(
        process.execPath,
        ['test/simulation/main.ts', '--seed', '1', '--seeds', '150', '--steps', '4000'],
        { cwd: copy, maxBuffer: 1 << 24 },
      ).then(
        () => 'everything held',
        (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error.stdout + error.stderr,
      )
      expect(outcome).toContain('does not hold')
    } finally {
      writeFileSync(path, original)
    }
  },
  300_000,
)
