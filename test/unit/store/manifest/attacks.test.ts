// Requirement L11, finding S1: an attacker who can write to the vault's folder, and knows no master key of it, changes vault.json in every way. He has the
// format, a key of his own, every older manifest, and may know a key that was in use before.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { redact } from '../../../../src/core/redacted.ts'
import { realDisk } from '../../../../src/platform/fs/disk.ts'
import { keyId, readHeader, seal } from '../../../../src/store/files/seal.ts'
import type { Endorsement, Manifest, UnsignedManifest } from '../../../../src/store/manifest/manifest.ts'
import { ManifestFile } from '../../../../src/store/manifest/manifest-file.ts'
import { ManifestNote } from '../../../../src/store/manifest/note.ts'
import { endorse, publicKeyOf, signManifest } from '../../../../src/store/manifest/signature.ts'
import { bytes, codeOf, messageOf, passphrase, read, ScratchVault } from '../../../support/vaults.ts'

let vault: ScratchVault
const thief = Buffer.alloc(32, 0x66)

beforeEach(() => {
  vault = new ScratchVault()
})

afterEach(() => {
  vi.restoreAllMocks()
  vault.remove()
})

const current = (): Manifest => vault.json() as unknown as Manifest
const put = (manifest: unknown): void =>
  writeFileSync(vault.manifest, typeof manifest === 'string' ? manifest : JSON.stringify(manifest), { mode: 0o600 })

/** The attacker's key, in a file in the vault's folder, as the current one of a manifest that he signs. */
function ofThief(over: Partial<UnsignedManifest> = {}): Manifest {
  const path = join(vault.directory, 'thief.key')
  writeFileSync(path, thief.toString('hex'), { mode: 0o600 })
  const { signature: _, ...before } = current()
  return signManifest(thief, {
    ...before,
    revision: before.revision + 1,
    current: keyId(thief),
    public_key: publicKeyOf(thief),
    keys: [{ key_id: keyId(thief), provider: 'key-file', path }, ...before.keys],
    ...over,
  })
}

/** Legacy form, as in the finding. */
function legacyOfThief(): unknown {
  const { vault_id, current, keys } = ofThief()
  return { format: 1, vault_id, current, keys }
}

const sealedUnder = (): ReadonlySet<string | undefined> =>
  new Set(
    readdirSync(vault.directory)
      .filter((name) => /\.sealed/.test(name))
      .map((name) => readHeader(readFileSync(join(vault.directory, name)))?.keyId),
  )

const self = (): Endorsement => endorse(current().vault_id, thief, thief)
const forged = (): Endorsement => ({ ...endorse(current().vault_id, thief, thief), from: current().current })

const manifests: readonly (readonly [string, () => unknown])[] = [
  ['his key as the current one', () => ofThief()],
  ['his key alone', () => ofThief({ keys: [{ key_id: keyId(thief), provider: 'insecure-key-file' }] })],
  ['his key, endorsed by itself', () => ofThief({ endorsements: [self()] })],
  ['his key, with an endorsement that he signed in the name of the right key', () => ofThief({ endorsements: [forged()] })],
  ['his key and the public key of the right one', () => ({ ...ofThief(), public_key: current().public_key })],
  ['another vault', () => ofThief({ vault_id: '00000000-0000-4000-8000-000000000000', revision: 1 })],
  ['format 1', () => legacyOfThief()],
  [
    'format 1 of the right key',
    () => ({ format: 1, vault_id: current().vault_id, current: current().current, keys: current().keys }),
  ],
  ['no signature', () => ({ ...current(), signature: undefined })],
  ['an empty signature', () => ({ ...current(), signature: '' })],
  [
    'another provider of the right key',
    () => ({ ...current(), keys: [{ key_id: current().current, provider: 'insecure-key-file' }] }),
  ],
  ['another path of the right key', () => ({ ...current(), keys: [{ ...current().keys[0], path: '/etc/shadow' }] })],
  ['his key listed beside the right one', () => ({ ...current(), keys: [...current().keys, ofThief().keys[0]] })],
  ['an unknown field', () => ({ ...current(), more: true })],
  ['a higher revision', () => ({ ...current(), revision: 100 })],
  ['no keys', () => ({ ...current(), keys: [] })],
  ['format 3', () => ({ ...current(), format: 3 })],
  ['no object', () => '[]'],
  ['no JSON', () => '{'],
  ['nothing', () => ''],
]

const places: readonly (readonly [string, () => void])[] = [
  ['a pipe', () => void execFileSync('mkfifo', ['-m', '600', vault.manifest])],
  [
    'a link to his own',
    () => (writeFileSync(join(vault.folder, 'his'), JSON.stringify({})), symlinkSync(join(vault.folder, 'his'), vault.manifest)),
  ],
  ['a device', () => symlinkSync('/dev/zero', vault.manifest)],
  [
    'a file that others can write to',
    () => (writeFileSync(vault.manifest, readFileSync(vault.note)), chmodSync(vault.manifest, 0o666)),
  ],
]

describe.skipIf(process.platform === 'win32').each(places)('S1 L17 %s in the place of vault.json', (_, make) => {
  test('is not waited for, not followed, and reported', async () => {
    const store = await vault.filled()
    rmSync(vault.manifest)
    make()
    await store.write('session.a', 3, bytes('third'))
    expect(await read(store)).toBe('third')
    expect(vault.warnings).toEqual([expect.stringContaining('vault.json is not accepted: ')])
    const next = vault.open()
    expect(await codeOf(next.read('session.a'))).toBe('vault_changed')
    execFileSync('sh', ['-c', /restore it: (.*), or/.exec(next.status().hint ?? '')?.[1] ?? 'false'])
    expect(await read(vault.open())).toBe('third')
  })
})

describe.each(manifests)('S1 %s', (_, make) => {
  test('a running agent seals nothing with another key and goes on', async () => {
    const store = await vault.filled()
    const right = current().current
    put(make())
    for (let generation = 3; generation < 6; generation++) {
      await store.write('session.a', generation, bytes(`after ${generation}`))
      expect(await read(store, 'secret.b')).toBe('other')
    }
    expect([...sealedUnder()]).toEqual([right])
    expect(vault.warnings).toEqual([expect.stringContaining('The agent goes on with the master key it has')])
    expect(['vault_changed', 'record_damaged']).toContain(await codeOf(store.changeMasterKey(vault.keyFile('new-key'))))
    expect([...sealedUnder()]).toEqual([right])
    // The right manifest put back: everything is there.
    rmSync(vault.manifest)
    writeFileSync(vault.manifest, readFileSync(vault.note), { mode: 0o600 })
    expect(await read(vault.open({ named: vault.keyFile() }))).toBe('after 5')
  })

  test('the next start refuses it and says so; the note brings the vault back', async () => {
    const before = await vault.filled()
    before.close()
    put(make())
    const store = vault.open()
    expect(['vault_changed', 'record_damaged']).toContain(await codeOf(store.read('session.a')))
    expect(await messageOf(store.read('session.a'))).toMatch(/vault\.json (is not accepted|does not describe a vault): /)
    expect(store.status()).toMatchObject({
      state: 'unreachable',
      hint: expect.stringContaining(`rm -f ${vault.manifest} && cp ${vault.note} ${vault.manifest}`),
    })
    expect(['vault_changed', 'record_damaged']).toContain(await codeOf(store.prepare()))
    expect(['vault_changed', 'record_damaged']).toContain(await codeOf(store.changeMasterKey({ provider: 'insecure-key-file' })))
    expect(sealedUnder().has(keyId(thief))).toBe(false)
    writeFileSync(vault.manifest, readFileSync(vault.note), { mode: 0o600 })
    expect(await read(vault.open())).toBe('second')
  })
})

test('S1 the finding: the manifest is exchanged, the agent refreshes, the manifest is put back', async () => {
  const store = await vault.filled()
  const right = readFileSync(vault.manifest)
  put(legacyOfThief())
  await store.write('session.a', 3, bytes('refreshed'))
  expect(readHeader(readFileSync(join(vault.directory, 'session.a.sealed')))?.keyId).not.toBe(keyId(thief))
  writeFileSync(vault.manifest, right)
  expect(await read(vault.open())).toBe('refreshed')
  expect(vault.warnings).toEqual([
    expect.stringMatching(/vault\.json is not accepted: .*The agent goes on with the master key it has; restore it: rm -f /),
  ])
})

test('S1 no file is removed or read by a name from the manifest', async () => {
  const precious = join(vault.folder, 'precious')
  writeFileSync(precious, 'precious', { mode: 0o600 })
  for (const format of [1, 2]) {
    await vault.filled(passphrase())
    const { keys, ...rest } = current()
    const planted = { key_id: 'a'.repeat(16), provider: 'passphrase', path: '../precious' }
    put({ ...rest, format, keys: [...keys, planted, { ...planted, key_id: 'b'.repeat(16), provider: 'insecure-key-file' }] })
    // Without a note there is nothing to compare with: as at the first start after an upgrade.
    const store = vault.open({ note: null })
    await codeOf(store.unlock(redact('correct horse')))
    await codeOf(store.changeMasterKey(vault.keyFile()))
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    rmSync(vault.directory, { recursive: true })
  }
  mkdirSync(vault.directory, { mode: 0o700 })
  put({ format: 1, vault_id: 'x', current: '../../precious', keys: [{ key_id: '../../precious', provider: 'passphrase' }] })
  expect(await codeOf(vault.open({ note: null }).read('session.a'))).toBe('record_damaged')
})

describe('S1 an older manifest that was the right one', () => {
  test('is refused after a change of the key, by a running agent and at a start', async () => {
    const store = await vault.filled()
    const old = readFileSync(vault.manifest)
    await store.changeMasterKey(vault.keyFile('new-key'))
    const right = readFileSync(vault.manifest)
    writeFileSync(vault.manifest, old)
    // The old key file is still there, and the attacker may know what is in it.
    await store.write('session.a', 3, bytes('third'))
    expect([...sealedUnder()]).toEqual([(JSON.parse(right.toString()) as Manifest).current])
    expect(vault.warnings.at(-1)).toContain('it is older than the one last used (revision 1, was 3)')
    expect(await messageOf(vault.open().read('session.a'))).toContain('it is older than the one last used')
    writeFileSync(vault.manifest, right)
    expect(await read(vault.open())).toBe('third')
  })

  test('from the middle of a change of the key is refused after its end', async () => {
    const store = await vault.filled()
    const all: Buffer[] = []
    const disk = { ...realDisk }
    const rename = disk.rename.bind(disk)
    disk.rename = async (from, to) => {
      await rename(from, to)
      if (to === vault.manifest) all.push(readFileSync(to))
    }
    store.close()
    await vault.open({ disk }).changeMasterKey(vault.keyFile('new-key'))
    expect(all).toHaveLength(2)
    writeFileSync(vault.manifest, all[0] ?? '')
    expect(await messageOf(vault.open().read('session.a'))).toContain('(revision 2, was 3)')
  })

  test('a key that was given up cannot endorse another one', async () => {
    const store = await vault.filled()
    const old = Buffer.from(readFileSync(join(vault.folder, 'key'), 'utf8').trim(), 'hex')
    await store.changeMasterKey(vault.keyFile('new-key'))
    put(ofThief({ endorsements: [...current().endorsements, endorse(current().vault_id, old, thief)] }))
    await store.write('session.a', 3, bytes('third'))
    expect(sealedUnder().has(keyId(thief))).toBe(false)
    expect(vault.warnings.at(-1)).toContain('was not endorsed by the one in use')
    expect(await messageOf(vault.open().read('session.a'))).toContain('was not endorsed by the one in use')
    const { endorsements, keys, ...rest } = ofThief()
    put({
      ...rest,
      keys: keys.slice(0, 1),
      endorsements: endorsements.map((each) => ({ ...each, to: keyId(thief), public_key: publicKeyOf(thief) })),
    })
    expect(await messageOf(vault.open().read('session.a'))).toContain('was not endorsed by the one in use')
  })
})

test('S1 a locked vault keeps its anchor: what is exchanged meanwhile is refused at unlock', async () => {
  const store = await vault.filled()
  store.lock()
  rmSync(vault.note)
  put(ofThief())
  expect(await codeOf(store.unlock())).toBe('vault_changed')
  expect(await codeOf(store.read('session.a'))).toBe('vault_locked')
})

test('S1 a passphrase is not even tried on a manifest that is not accepted', async () => {
  const store = await vault.filled(passphrase())
  store.close()
  const file = `master-key-${keyId(thief)}.age`
  const { encryptKey } = await import('../../../../src/store/keys/passphrase.ts')
  writeFileSync(join(vault.directory, file), await encryptKey(thief, redact('correct horse')), { mode: 0o600 })
  put(ofThief({ keys: [{ key_id: keyId(thief), provider: 'passphrase' }] }))
  expect(await codeOf(vault.open().unlock(redact('correct horse')))).toBe('vault_changed')
})

describe('S1 without a note', () => {
  const start = (named?: Parameters<ScratchVault['open']>[0]) => vault.open({ note: null, ...named })

  test('a signature that is not valid is refused all the same', async () => {
    ;(await vault.filled()).close()
    put({ ...current(), revision: 7 })
    expect(await messageOf(start().read('session.a'))).toContain('its signature is not valid')
  })

  test('a key file in the vault folder is refused, in both formats', async () => {
    ;(await vault.filled()).close()
    const [signed, legacy] = [ofThief(), legacyOfThief()]
    for (const each of [signed, legacy]) {
      put(each)
      expect(await messageOf(start().read('session.a'))).toContain("is in the vault's own folder")
      expect(await messageOf(start({ named: vault.keyFile() }).prepare())).toContain('is not the one that the agent was given')
    }
  })

  test('a plain key beside the vault is refused for an agent that was given another key', async () => {
    ;(await vault.filled()).close()
    writeFileSync(join(vault.directory, 'master.key'), thief.toString('hex'), { mode: 0o600 })
    put(ofThief({ keys: [{ key_id: keyId(thief), provider: 'insecure-key-file' }] }))
    for (const named of [
      vault.keyFile(),
      vault.descriptor(),
      { provider: 'systemd-credential', path: join(vault.folder, 'key') } as const,
    ])
      expect(await messageOf(start({ named }).prepare())).toContain('is not the one that the agent was given')
  })

  test('a key file elsewhere is used, and said', async () => {
    ;(await vault.filled()).close()
    vault.warnings.length = 0
    expect(await read(vault.open({ note: join(vault.folder, 'another-note') }))).toBe('second')
    expect(vault.warnings).toEqual([
      expect.stringContaining(`used here for the first time, with its master key from ${join(vault.folder, 'key')}`),
    ])
    vault.warnings.length = 0
    expect(await read(vault.open({ note: join(vault.folder, 'another-note') }))).toBe('second')
    expect(await read(start({ named: vault.keyFile() }))).toBe('second')
    expect(vault.warnings).toEqual([])
  })
})

test('S1 a note that is removed by the user accepts a restored vault', async () => {
  const store = await vault.filled()
  const old = readFileSync(vault.manifest)
  const files = readdirSync(vault.directory)
    .filter((name) => /\.sealed/.test(name))
    .map((name) => [name, readFileSync(join(vault.directory, name))] as const)
  await store.changeMasterKey(vault.keyFile('new-key'))
  store.close()
  writeFileSync(vault.manifest, old)
  for (const [name, content] of files) writeFileSync(join(vault.directory, name), content)
  expect(await codeOf(vault.open({ named: vault.keyFile() }).read('session.a'))).toBe('vault_changed')
  rmSync(vault.note)
  expect(await read(vault.open({ named: vault.keyFile() }))).toBe('second')
})

test('S1 a note that cannot be read or written is said, and the vault opens', async () => {
  ;(await vault.filled()).close()
  writeFileSync(vault.note, 'garbage')
  expect(await read(vault.open({ named: vault.keyFile() }))).toBe('second')
  expect(vault.warnings.at(-1)).toContain('cannot be read')
  rmSync(vault.note)
  mkdirSync(vault.note)
  expect(await read(vault.open({ named: vault.keyFile() }))).toBe('second')
  expect(vault.warnings.at(-1)).toContain('cannot be noted')
})

test('S1 vault.json taken away: the note brings it back, and nothing is made over the records', async () => {
  ;(await vault.filled()).close()
  rmSync(vault.manifest)
  const store = vault.open({ named: vault.keyFile() })
  expect(await codeOf(store.prepare())).toBe('record_damaged')
  expect(store.status().hint).toContain(`rm -f ${vault.manifest} && cp ${vault.note} ${vault.manifest}`)
  expect(existsSync(vault.manifest)).toBe(false)
})

test('S1 a file that the attacker seals with his own key is not read', async () => {
  const store = await vault.filled()
  writeFileSync(join(vault.directory, 'session.a.sealed'), seal(thief, 'session.a', 9, bytes('his token')), { mode: 0o600 })
  const sealed = await store.read('session.a')
  expect([sealed?.generation, sealed?.recovered]).toEqual([1, expect.stringContaining('damaged')])
})

test('S1 an agent that slept through two changes of the key follows the chain; one that missed more than are kept does not', async () => {
  const store = await vault.filled()
  const sleeper = vault.open()
  expect(await read(sleeper)).toBe('second')
  const anchor = readFileSync(vault.note)
  for (const name of ['key-2', 'key-3']) await store.changeMasterKey(vault.keyFile(name))
  for (const name of ['key', 'key-2']) rmSync(join(vault.folder, name))
  expect(await read(sleeper)).toBe('second')
  await sleeper.write('session.a', 3, bytes('third'))
  // Another machine, whose note is of before.
  writeFileSync(vault.note, anchor)
  expect(await read(vault.open())).toBe('third')
})

test('S1 a vault that is gone as a whole: a new one is created, and that is said', async () => {
  const { vault_id } = (await vault.filled(), current())
  rmSync(vault.directory, { recursive: true })
  const store = await vault.filled()
  expect(current().vault_id).not.toBe(vault_id)
  expect(vault.warnings).toEqual([expect.stringContaining(`the vault that was used here before (${vault_id}) is gone`)])
  store.close()
  expect(await read(vault.open())).toBe('second')
})

test('L10 temporary files are removed by their age in the time of the file system', async () => {
  const store = await vault.filled()
  store.close()
  const [fresh, old] = ['fresh', 'old'].map((name) => join(vault.directory, `${name}.0123456789abcdef.tmp`))
  for (const path of [fresh, old]) writeFileSync(path ?? '', '')
  const longAgo = new Date(Date.now() - 7_200_000)
  utimesSync(old ?? '', longAgo, longAgo)
  const now = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 86_400_000)
  const next = vault.open()
  expect(await read(next)).toBe('second')
  await expect
    .poll(() => readdirSync(vault.directory).filter((name) => name.endsWith('.tmp')))
    .toEqual(['fresh.0123456789abcdef.tmp'])
})

test('the command that a hint names can be copied, whatever is in the path', () => {
  const directory = join(vault.folder, "it's a $vault")
  const path = join(vault.folder, 'the note.json')
  mkdirSync(directory)
  writeFileSync(path, 'noted')
  const ignore = (): void => {}
  const file = new ManifestFile({
    directory,
    disk: realDisk,
    note: new ManifestNote(path, ignore),
    warn: ignore,
    exclusively: (work) => work(),
  })
  execFileSync('sh', ['-c', file.restoreHint().replace('restore it: ', '')])
  expect(readFileSync(join(directory, 'vault.json'), 'utf8')).toBe('noted')
})
