// Fills a home whose agent is stopped: with sessions, shares, rules, or a long audit log, each as the agent itself would write it.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditLine, firstHash } from '../src/audit/record.ts'
import { decodeRecord, encodeRecord } from '../src/core/session/record.ts'
import { hashOf } from '../src/audit/lines.ts'
import { readKeyFile } from '../src/store/keys/key-file.ts'
import { readHeader, seal, unseal } from '../src/store/files/seal.ts'
import { RollbackDetector } from '../src/store/files/rollback-detector.ts'
import type { AuthorizationServer } from '../test/support/authorization-server.ts'
import type { Home } from '../test/support/home.ts'
import { workProfile } from '../test/support/login.ts'

export const profileOf = (number: number): string => (number === 0 ? 'work' : `work-${number}`)

/** So many sessions, copies of the one of `work`, each with a profile. */
export async function fillSessions(home: Home, server: AuthorizationServer, count: number): Promise<void> {
  const key = await readKeyFile(join(home.path, 'master.key'))
  const file = readFileSync(join(home.vault, 'session.work.sealed'))
  const [header, content] = [readHeader(file), key === undefined ? undefined : unseal(key, 'session.work', file)]
  if (key === undefined || header === undefined || content === undefined) throw new Error('the session of work cannot be read')
  const record = decodeRecord(content, 'work', header.generation)
  const profiles = [workProfile(server)]
  const seen = new RollbackDetector(join(home.path, '.cache/authsock/generations'))
  const { loggedInAt: login, generation } = record
  for (let number = 1; number < count; number++) {
    const profile = profileOf(number)
    const sealed = seal(key, `session.${profile}`, record.generation, encodeRecord({ ...record, profile }))
    writeFileSync(join(home.vault, `session.${profile}.sealed`), sealed, { mode: 0o600 })
    seen.note(`session.${profile}`, { login, generation })
    profiles.push(workProfile(server).replace('[profile.work]', `[profile.${profile}]`))
  }
  home.config(profiles.join('\n'))
  await seen.settled()
}

/** Copies of a share that the agent has made. */
export function fillShares(home: Home, count: number): void {
  const state = join(home.path, 'state/authsock')
  const path = join(state, readdirSync(state).find((name) => name.startsWith('shares-')) ?? '')
  const { shares } = JSON.parse(readFileSync(path, 'utf8')) as { shares: readonly { readonly name: string }[] }
  const [first] = shares
  writeFileSync(
    path,
    JSON.stringify({ shares: Array.from({ length: count }, (_, number) => ({ ...first, name: `box-${number}` })) }),
  )
}

/** Rules that are looked at and match nobody. */
export function fillRules(home: Home, server: AuthorizationServer, count: number): void {
  const rule = (number: number): string => `[[rule]]\ndecision = "deny"\nexecutable = "/opt/*/tool-${number}"\n`
  home.config(`${workProfile(server)}\n${Array.from({ length: count }, (_, number) => rule(number)).join('\n')}`)
}

/** An audit log of so many bytes, in files as the agent rotates them. */
export function fillAudit(home: Home, bytes: number): void {
  const folder = join(home.path, 'state/authsock')
  const largest = 8 * 1024 * 1024
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files: string[] = []
  let [seq, prev] = [0, firstHash]
  for (let left = bytes; left > 0; left -= largest) {
    const lines: string[] = []
    for (let size = 0; size < Math.min(left, largest);) {
      seq += 1
      const line = auditLine(entry(seq), seq, prev)
      prev = hashOf(line)
      lines.push(line)
      size += line.length + 1
    }
    files.push(`${lines.join('\n')}\n`)
  }
  for (const [index, text] of files.entries()) {
    const number = files.length - 1 - index
    rmSync(join(folder, `audit.log.${number}`), { force: true })
    writeFileSync(join(folder, number === 0 ? 'audit.log' : `audit.log.${number}`), text, { mode: 0o600 })
  }
}

const entry = (seq: number) => ({
  at: 1_700_000_000_000 + seq * 1000,
  event: 'issued' as const,
  request: 'git',
  profile: 'work',
  target: { scope: ['openid', 'offline_access', 'read', 'write'] },
  expiresAt: 1_700_003_600_000 + seq * 1000,
  caller: {
    uid: 1000,
    pid: 1000 + (seq % 30_000),
    executable: '/usr/lib/git-core/git-remote-http',
    parents: [
      { pid: 900, executable: '/usr/bin/git' },
      { pid: 800, executable: '/usr/bin/bash' },
      { pid: 1, executable: '/usr/lib/systemd/systemd' },
    ],
    container: { kind: 'none' as const },
  },
  channel: { kind: 'main' as const },
})
