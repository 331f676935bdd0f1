// FINDINGS S1: vaults that the version at commit 34932b5 wrote are upgraded in place, once, and a crash at any point loses nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { redact } from '../../../../src/core/redacted.ts'
import { type Disk, realDisk } from '../../../../src/platform/fs/disk.ts'
import type { MasterKeyChoice, Store } from '../../../../src/store/store.ts'
import { bytes, codeOf, legacyVaults, messageOf, read, ScratchVault } from '../../../support/vaults.ts'

let vault: ScratchVault

afterEach(() => vault.remove())

async function expectRecords(store: Store): Promise<void> {
  for (const [id, content] of Object.entries(legacyVaults.records)) expect([id, await read(store, id)]).toEqual([id, content])
}

/** How an agent of this provider is started. */
const named: Readonly<Record<string, () => MasterKeyChoice | undefined>> = {
  'key-file': () => undefined,
  'insecure-key-file': () => undefined,
  passphrase: () => undefined,
  descriptor: () => vault.descriptor(),
  'systemd-credential': () => ({ provider: 'systemd-credential', path: join(vault.folder, 'key') }),
  'interrupted change of the key': () => undefined,
}

async function open(name: string, options: { readonly disk?: Disk } = {}): Promise<Store> {
  const choice = named[name]?.()
  const store = vault.open({ ...options, ...(choice === undefined ? {} : { named: choice }) })
  if (name === 'passphrase') await store.unlock(redact('correct horse'))
  else await store.open()
  return store
}

describe.each(Object.keys(named))('S1 a vault of 34932b5: %s', (name) => {
  test('is upgraded once, keeps its records, and is not taken back to format 1', async () => {
    vault = ScratchVault.legacy(name)
    const legacy = readFileSync(vault.manifest, 'utf8')
    const store = await open(name)
    await expectRecords(store)
    await expect.poll(() => (vault.json()['keys'] as readonly unknown[]).length).toBe(1)
    const { vault_id, current } = JSON.parse(legacy) as Record<string, unknown>
    expect(vault.json()).toMatchObject({ format: 2, vault_id, current, endorsements: [] })
    await expect.poll(() => readFileSync(vault.note, 'utf8')).toBe(readFileSync(vault.manifest, 'utf8'))
    store.close()
    const upgraded = readFileSync(vault.manifest, 'utf8')
    const again = await open(name)
    await expectRecords(again)
    await again.write('session.a', 3, bytes('third'))
    expect(readFileSync(vault.manifest, 'utf8')).toBe(upgraded)
    writeFileSync(vault.manifest, legacy)
    expect(await codeOf(open(name).then((late) => late.read('session.a')))).toBe('vault_changed')
  })
})

test('S1 a key of format 1 that the current key does not vouch for is dropped, and nothing of it is removed', async () => {
  vault = ScratchVault.legacy('key-file')
  const json = vault.json()
  const planted = { key_id: 'a'.repeat(16), provider: 'passphrase', path: '../key', wrapped: 'AAAA' }
  writeFileSync(vault.manifest, JSON.stringify({ ...json, keys: [...(json['keys'] as readonly unknown[]), planted] }))
  writeFileSync(join(vault.directory, `master-key-${planted.key_id}.age`), 'kept', { mode: 0o600 })
  const store = await open('key-file')
  await expectRecords(store)
  await store.changeMasterKey(vault.keyFile('new-key'))
  expect(vault.json()['keys']).toHaveLength(1)
  expect(readdirSync(vault.folder)).toContain('key')
  expect(readdirSync(vault.directory)).toContain(`master-key-${planted.key_id}.age`)
})

describe('S1 an upgrade that is interrupted', () => {
  /** Kills this process, as kill -9 does, before the change of the disk that has this number. */
  const program = (folder: string, at: number): string => `
    const { ScratchVault } = await import(${JSON.stringify(new URL('../../../support/vaults.ts', import.meta.url).href)})
    const { realDisk } = await import(${JSON.stringify(new URL('../../../../src/platform/fs/disk.ts', import.meta.url).href)})
    const vault = new ScratchVault()
    vault.remove()
    for (const [name, path] of [['folder', ''], ['directory', '/vault'], ['manifest', '/vault/vault.json'], ['note', '/note.json']])
      Object.defineProperty(vault, name, { value: ${JSON.stringify(folder)} + path })
    let count = 0
    const disk = { ...realDisk }
    for (const name of ['create', 'link', 'rename', 'remove', 'syncFolder', 'makeFolder'])
      disk[name] = async (...args) => {
        count += 1
        if (count === ${at}) process.kill(process.pid, 'SIGKILL')
        return realDisk[name](...args)
      }
    const store = vault.open({ disk })
    await store.open()
    const sealed = await store.read('session.a')
    process.stdout.write(new TextDecoder().decode(sealed.content.reveal()))
    process.exit(0)`

  async function run(at: number): Promise<{ readonly signal: string | null; readonly said: string }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(vault.folder, at)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [, signal] = (await once(child, 'close')) as [number | null, string | null]
    return { signal, said }
  }

  test('by kill -9 before each step: it is the old manifest or the new one, and the next start finishes it', async () => {
    for (let at = 1; ; at++) {
      vault = ScratchVault.legacy('key-file')
      const { signal, said } = await run(at)
      expect([1, 2]).toContain(vault.json()['format'])
      await expectRecords(await open('key-file'))
      expect([at, vault.json()['format'], vault.json()['revision']]).toEqual([at, 2, 1])
      vault.remove()
      if (signal === null) {
        expect(said).toBe('second')
        expect(at).toBeGreaterThan(4)
        break
      }
      expect(signal).toBe('SIGKILL')
    }
    vault = new ScratchVault()
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'by a disk that fails from step %i on: the vault is used as it is, and upgraded later',
    async (from) => {
      vault = ScratchVault.legacy('key-file')
      let count = 0
      const failing = { ...realDisk } as Record<string, unknown>
      for (const name of ['create', 'rename', 'syncFolder'] as const)
        failing[name] = async (...args: unknown[]) => {
          count += 1
          if (count >= from) throw Object.assign(new Error(), { code: 'ENOSPC' })
          return (realDisk[name] as (...all: unknown[]) => Promise<unknown>)(...args)
        }
      const store = await open('key-file', { disk: failing as unknown as Disk })
      await expectRecords(store)
      if (vault.json()['format'] === 1) {
        expect(vault.warnings).toContainEqual(expect.stringMatching(/vault\.json could not be upgraded: .*the disk is full/))
        expect(readdirSync(vault.folder)).not.toContain('note.json')
      }
      store.close()
      await expectRecords(await open('key-file'))
      expect(vault.json()['format']).toBe(2)
    },
  )

  test('an attacker who puts his manifest in the place of the one that could not be upgraded is refused', async () => {
    vault = ScratchVault.legacy('key-file')
    const full = { ...realDisk, create: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' })) }
    const store = await open('key-file', { disk: full })
    const json = vault.json()
    writeFileSync(vault.manifest, JSON.stringify({ ...json, vault_id: '00000000-0000-4000-8000-000000000000' }))
    await expectRecords(store)
    expect(await codeOf(store.changeMasterKey(vault.keyFile('new-key')))).toBe('vault_changed')
  })
})

test('S1 ten agents that upgrade at once agree', async () => {
  vault = ScratchVault.legacy('key-file')
  const stores = Array.from({ length: 10 }, () => vault.open())
  await Promise.all(stores.map(expectRecords))
  expect(vault.json()).toMatchObject({ format: 2, revision: 1 })
  await Promise.all(stores.map((store, index) => store.write(`session.${index}`, 1, bytes(String(index)))))
  const files = readFileSync(vault.manifest, 'utf8')
  expect([readFileSync(vault.note, 'utf8'), await read(vault.open(), 'session.7')]).toEqual([files, '7'])
  expect(vault.warnings.filter((text) => !text.includes('for the first time'))).toEqual([])
})

test('S1 an upgrade and a change of the key at once, by two agents', async () => {
  vault = ScratchVault.legacy('key-file')
  const [one, other] = [vault.open(), vault.open()]
  await Promise.all([one.changeMasterKey(vault.keyFile('new-key')), read(other)])
  await expectRecords(other)
  await expectRecords(one)
  rmSync(join(vault.folder, 'key'))
  await expectRecords(vault.open())
})

test('a manifest of a later version is refused with its format named', async () => {
  vault = ScratchVault.legacy('key-file')
  writeFileSync(vault.manifest, JSON.stringify({ ...vault.json(), format: 3 }))
  expect(await messageOf(vault.open().read('session.a'))).toContain("'format' is neither 1 nor 2")
})
