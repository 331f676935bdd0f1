// Static secrets over real vaults: which one a place gets, and that a search reads no others, whoever else changes the vault.

import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EventHub } from '../../../../src/agent/events.ts'
import { Secrets } from '../../../../src/agent/credentials/static-secrets.ts'
import { parseUrlPattern, type UrlPattern } from '../../../../src/core/credentials/url-pattern.ts'
import { redact } from '../../../../src/core/redacted.ts'
import type { StaticSecret } from '../../../../src/core/credentials/static-secret.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { tryLocalLock } from '../../../../src/platform/fs/local-lock.ts'
import { type Disk, realDisk } from '../../../../src/platform/fs/disk.ts'
import { sessionLocks } from '../../../../src/store/files/locks.ts'
import { Store } from '../../../../src/store/store.ts'

const second = 1000

interface Agent {
  readonly vault: Store
  readonly secrets: Secrets
  /** Files read since the last call. */
  readonly reads: () => number
}

let folder: string
let started: Secrets[]
/** What the agents' clocks are ahead, ms. */
let ahead: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-secrets-'))
  started = []
  ahead = 0
})

afterEach(() => {
  for (const secrets of started) secrets.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function start(changes: Partial<Disk> = {}): Promise<Agent> {
  let count = 0
  const disk: Disk = {
    ...realDisk,
    read: (path) => {
      count += 1
      return realDisk.read(path)
    },
    ...changes,
  }
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  const directory = join(folder, 'vault')
  const onWarning = (): void => {}
  const lock = sessionLocks({ directory: join(directory, 'locks'), tryLocalLock, onWarning })
  const named = { provider: 'key-file', path: join(folder, 'key') } as const
  const vault = new Store({ directory, clock, lock, onWarning, named, disk })
  await vault.prepare()
  const secrets = new Secrets({ clock, records: vault, events: new EventHub(() => clock.now()) })
  started.push(secrets)
  const reads = (): number => {
    const since = count
    count = 0
    return since
  }
  return { vault, secrets, reads }
}

const at = (url: string): UrlPattern => {
  const place = parseUrlPattern(url)
  if (place === undefined) throw new Error(url)
  return place
}

const add = ({ secrets }: Agent, name: string, url: string, more: Partial<StaticSecret> = {}): Promise<void> =>
  secrets.put({ name, url, value: redact(`value of ${name}`), origin: 'user', ...more })

const found = async ({ secrets }: Agent, url: string): Promise<string | undefined> =>
  (await secrets.find(at(url)))?.value.reveal()

test('a search reads the one secret that it finds, however many there are', async () => {
  const agent = await start()
  for (let number = 0; number < 30; number++) await add(agent, `s${number}`, `https://host${number}.example`)
  ahead += 5 * second
  expect(await found(agent, 'https://host7.example/a')).toBe('value of s7')
  agent.reads()
  expect(await found(agent, 'https://host8.example/a')).toBe('value of s8')
  expect(agent.reads()).toBe(1)
  expect(await found(agent, 'https://nowhere.example')).toBeUndefined()
  expect(agent.reads()).toBe(0)
})

test('what another agent adds, replaces and removes counts at once', async () => {
  const [agent, other] = [await start(), await start()]
  await add(agent, 'host', 'https://git.example')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team/a')).toBe('value of host')
  await add(other, 'team', 'https://git.example/team')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team/a')).toBe('value of team')
  await add(other, 'team', 'https://elsewhere.example')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team/a')).toBe('value of host')
  await other.secrets.remove('host')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team/a')).toBeUndefined()
})

test('a change that the clock of the file system does not tell from the one before is seen all the same', async () => {
  const namesOf: Disk['namesOf'] = async (path) => {
    // As FAT counts.
    const changedAt = Math.floor(statSync(path).ctimeMs / 2000) * 2000
    return { stamp: String(changedAt), changedAt }
  }
  const [agent, other] = [await start({ namesOf }), await start()]
  for (let number = 0; number < 20; number++) {
    await add(other, `s${number}`, `https://host${number}.example`)
    expect(await found(agent, `https://host${number}.example`)).toBe(`value of s${number}`)
  }
})

test('a secret replaced between the look at the folder and its reading is not given to its former place', async () => {
  let between: (() => Promise<void>) | undefined
  const agent = await start({
    namesOf: async (path) => {
      const names = await realDisk.namesOf(path)
      await between?.()
      return names
    },
  })
  const other = await start()
  await add(agent, 'token', 'https://git.example')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example')).toBe('value of token')
  between = async () => {
    between = undefined
    await add(other, 'token', 'https://elsewhere.example')
  }
  expect(await found(agent, 'https://git.example')).toBeUndefined()
})

test('a damaged file that is mended where it lies is found at once', async () => {
  const agent = await start()
  await add(agent, 'host', 'https://git.example')
  const path = join(folder, 'vault', 'secret.host.sealed')
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(1))
  ahead += 5 * second
  for (let time = 0; time < 2; time++) expect(await found(agent, 'https://git.example')).toBeUndefined()
  writeFileSync(path, whole)
  expect(await found(agent, 'https://git.example')).toBe('value of host')
})

test('a copy put in the place of the vault counts at once', async () => {
  const agent = await start()
  const [vault, copy] = [join(folder, 'vault'), join(folder, 'copy')]
  await add(agent, 'host', 'https://git.example')
  cpSync(vault, copy, { recursive: true, preserveTimestamps: true })
  await add(agent, 'team', 'https://git.example/team')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team')).toBe('value of team')
  renameSync(vault, join(folder, 'former'))
  renameSync(copy, vault)
  expect(await found(agent, 'https://git.example/team')).toBe('value of host')
})

test('a folder put in the place of the vault is another one', async () => {
  const { stamp } = (await realDisk.namesOf(folder)) ?? {}
  const { stamp: other } = (await realDisk.namesOf(tmpdir())) ?? {}
  expect(stamp).not.toBe(other)
  expect(await realDisk.namesOf(join(folder, 'nothing'))).toBeUndefined()
})

test('a locked vault says so, whether or not it has a secret for the place', async () => {
  const agent = await start()
  await add(agent, 'host', 'https://git.example')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example')).toBe('value of host')
  agent.vault.lock()
  for (const url of ['https://git.example', 'https://nowhere.example'])
    await expect(agent.secrets.find(at(url))).rejects.toMatchObject({ code: 'vault_locked' })
})

test('what has expired gives way to what has not, and is found where nothing else is', async () => {
  const agent = await start()
  await add(agent, 'long', 'https://git.example/team', { expiresAt: Date.now() + 60 * second })
  await add(agent, 'short', 'https://git.example')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team')).toBe('value of long')
  ahead += 60 * second
  expect(await found(agent, 'https://git.example/team')).toBe('value of short')
  await agent.secrets.remove('short')
  ahead += 5 * second
  expect(await found(agent, 'https://git.example/team')).toBe('value of long')
})
