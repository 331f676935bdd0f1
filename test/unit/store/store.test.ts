// The vault on a real disk, with a disk that fails or crashes at each step in turn, and with every byte of a file damaged.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Failure } from '../../../src/core/failures.ts'
import { redact } from '../../../src/core/redacted.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { tryLocalLock } from '../../../src/platform/fs/local-lock.ts'
import { type Disk, realDisk } from '../../../src/platform/fs/disk.ts'
import { sessionLocks } from '../../../src/store/files/locks.ts'
import { seal, unseal } from '../../../src/store/files/seal.ts'
import { type MasterKeyChoice, Store } from '../../../src/store/store.ts'

let folder: string
let warnings: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-vault-'))
  warnings = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const directory = (): string => join(folder, 'vault')
const keyFile = (name = 'key'): MasterKeyChoice => ({ provider: 'key-file', path: join(folder, name) })

function open(
  options: { readonly named?: MasterKeyChoice; readonly disk?: Disk; readonly clock?: { now: () => number } } = {},
): Store {
  const onWarning = (text: string): void => void warnings.push(text)
  const clock = { ...systemClock, ...options.clock }
  const lock = sessionLocks({ directory: join(directory(), 'locks'), tryLocalLock, onWarning })
  const { named = keyFile(), disk } = options
  const noteFile = join(folder, 'note.json')
  return new Store({ directory: directory(), clock, lock, onWarning, noteFile, named, ...(disk === undefined ? {} : { disk }) })
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

async function read(vault: Store, id: string): Promise<string | undefined> {
  const sealed = await vault.read(id)
  return sealed === undefined ? undefined : new TextDecoder().decode(sealed.content.reveal())
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
  return 'none'
}

async function filled(): Promise<Store> {
  const vault = open()
  await vault.prepare()
  await vault.write('session.a', 1, text('first'))
  await vault.write('session.a', 2, text('second'))
  return vault
}

describe('sealed files', () => {
  test('what was written is read again, by another vault over the same folder too', async () => {
    await filled()
    const vault = open()
    expect(await read(vault, 'session.a')).toBe('second')
    expect((await vault.read('session.a'))?.generation).toBe(2)
    expect(await vault.list()).toEqual(['session.a'])
    expect(await vault.read('session.b')).toBeUndefined()
  })

  test('folder 0700, files 0600, no content in the clear', async () => {
    await filled()
    expect(statSync(directory()).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(directory())) {
      const path = join(directory(), name)
      if (!statSync(path).isFile()) continue
      expect([name, statSync(path).mode & 0o777]).toEqual([name, 0o600])
      expect(readFileSync(path, 'latin1')).not.toMatch(/first|second/)
    }
  })

  test('R10 any flipped bit and any truncation of the newest file falls back to the generation before, and is reported', async () => {
    const vault = await filled()
    const path = join(directory(), 'session.a.sealed')
    const whole = readFileSync(path)
    const damaged = [
      ...Array.from({ length: whole.length }, (_, index) => whole.subarray(0, index)),
      ...Array.from({ length: whole.length * 8 }, (_, bit) => flip(whole, bit)),
    ]
    for (const file of damaged) {
      writeFileSync(path, file)
      const sealed = await vault.read('session.a')
      expect([sealed?.generation, sealed?.recovered]).toEqual([1, expect.stringContaining('damaged')])
    }
    rmSync(path)
    expect((await vault.read('session.a'))?.recovered).toContain('missing')
  })

  test('R10 both generations damaged: said, kept, and a later login writes over them', async () => {
    const vault = await filled()
    for (const name of ['session.a.sealed', 'session.a.sealed.prev']) writeFileSync(join(directory(), name), 'garbage')
    expect(await failure(vault.read('session.a'))).toBe('record_damaged')
    expect(readFileSync(join(directory(), 'session.a.sealed'), 'utf8')).toBe('garbage')
    await vault.write('session.a', 99, text('third'))
    expect(await read(vault, 'session.a')).toBe('third')
  })

  test('a file of one record cannot stand in for another, nor an older generation for a newer', () => {
    const key = Buffer.alloc(32, 7)
    const file = seal(key, 'session.a', 5, text('content'))
    expect(unseal(key, 'session.a', file)?.toString()).toBe('content')
    expect(unseal(key, 'session.b', file)).toBeUndefined()
    expect(unseal(Buffer.alloc(32, 8), 'session.a', file)).toBeUndefined()
    const older = Buffer.from(file)
    older.writeBigUInt64BE(6n, 13)
    expect(unseal(key, 'session.a', older)).toBeUndefined()
  })

  test('no bytes at all make it crash', async () => {
    const vault = await filled()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        writeFileSync(join(directory(), 'session.a.sealed'), bytes)
        expect((await vault.read('session.a'))?.generation).toBe(1)
      }),
      { numRuns: 200 },
    )
  })

  test('a generation that is not newer is refused: another agent has written', async () => {
    const vault = await filled()
    expect(await failure(vault.write('session.a', 2, text('late')))).toBe('record_superseded')
    expect(await read(vault, 'session.a')).toBe('second')
  })

  test('R2 written but not known to be durable: writing it again succeeds, other content of that generation does not', async () => {
    const vault = await filled()
    let isBroken = true
    const disk: Disk = {
      ...realDisk,
      syncFolder: (path) => (isBroken ? Promise.reject(Object.assign(new Error(), { code: 'EIO' })) : realDisk.syncFolder(path)),
    }
    const faulty = open({ disk })
    expect(await failure(faulty.write('session.a', 3, text('third')))).toBe('storage_failed')
    isBroken = false
    expect(await failure(faulty.write('session.a', 3, text('another')))).toBe('record_superseded')
    expect(await failure(faulty.write('session.a', 3, text('third')))).toBe('none')
    expect(await read(vault, 'session.a')).toBe('third')
    writeFileSync(join(directory(), 'session.a.sealed'), 'damaged')
    expect(await read(vault, 'session.a')).toBe('second')
  })

  test('R2 a crash after any step of a write leaves the record readable: the old one or the new one, whole', async () => {
    await filled()
    const steps = await countSteps((disk) => open({ disk }).write('session.a', 3, text('third')))
    expect(steps).toBeGreaterThanOrEqual(5)
    for (let step = 0; step < steps; step++) {
      rmSync(directory(), { recursive: true })
      await filled()
      await failure(open({ disk: crashing(step) }).write('session.a', 3, text('third'))).catch(() => {})
      const value = await read(open(), 'session.a')
      expect(['second', 'third']).toContain(value)
      // And it can be written again.
      await open().write('session.a', 4, text('fourth'))
      expect(await read(open(), 'session.a')).toBe('fourth')
    }
  })

  test.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'read-only'],
    ['EACCES', 'permission'],
    ['EIO', 'disk has an error'],
  ])('R11 %s is told in words, before and at a write', async (code, words) => {
    await filled()
    const vault = open({ disk: { ...realDisk, create: async () => Promise.reject(Object.assign(new Error(code), { code })) } })
    await expect(vault.write('session.a', 3, text('x'))).rejects.toThrow(words)
    await expect(vault.prepare()).rejects.toThrow(words)
    expect(await read(vault, 'session.a')).toBe('second')
  })
})

describe('master keys', () => {
  test('a lost key file is master_key_unavailable, another one master_key_wrong; neither makes a new key', async () => {
    await filled()
    const path = join(folder, 'key')
    const key = readFileSync(path)
    rmSync(path)
    expect(await failure(open().open())).toBe('master_key_unavailable')
    expect(await failure(open().prepare())).toBe('master_key_unavailable')
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, Buffer.alloc(32, 1), { mode: 0o600 })
    expect(await failure(open().open())).toBe('master_key_wrong')
    writeFileSync(path, key)
    expect(await read(open(), 'session.a')).toBe('second')
  })

  test('a key file that others can read is refused', async () => {
    await filled()
    chmodSync(join(folder, 'key'), 0o644)
    const vault = open()
    await expect(vault.open()).rejects.toThrow('chmod 600')
    expect(vault.status()).toMatchObject({ state: 'unreachable' })
  })

  test.each([
    ['32 bytes', Buffer.alloc(32, 9)],
    ['hex', Buffer.from(`${'ab'.repeat(32)}\n`)],
    ['base64', Buffer.from(`${Buffer.alloc(32, 3).toString('base64')}\n`)],
  ])('a key file may hold %s', async (_, content) => {
    writeFileSync(join(folder, 'key'), content, { mode: 0o600 })
    await filled()
    expect(await read(open(), 'session.a')).toBe('second')
  })

  test('anything else in it is refused with what is accepted', async () => {
    writeFileSync(join(folder, 'key'), 'hunter2', { mode: 0o600 })
    await expect(open().prepare()).rejects.toThrow('64 hex digits')
  })

  test('the plain file beside the vault comes only when asked for by name, and is warned of at each opening', async () => {
    const vault = open()
    await vault.changeMasterKey({ provider: 'insecure-key-file' })
    await vault.write('session.a', 1, text('first'))
    expect(warnings.filter((each) => each.includes('plain file')).length).toBe(1)
    await open().open()
    expect(warnings.filter((each) => each.includes('plain file')).length).toBe(2)
  })

  test('lock forgets the key until unlock', async () => {
    const vault = await filled()
    vault.lock()
    expect(vault.status()).toMatchObject({ state: 'locked' })
    expect(await failure(vault.read('session.a'))).toBe('vault_locked')
    expect(await failure(vault.write('session.a', 3, text('x')))).toBe('vault_locked')
    await vault.unlock()
    expect(await read(vault, 'session.a')).toBe('second')
  })

  test('a passphrase: wrong ones back off, guesses at once do not slip past, and the loop goes on turning meanwhile', async () => {
    let now = 1_000_000
    const vault = open({ clock: { now: () => now } })
    await vault.changeMasterKey({ provider: 'passphrase', passphrase: redact('correct horse') })
    await vault.write('session.a', 1, text('first'))
    vault.close()
    expect(await failure(vault.read('session.a'))).toBe('vault_locked')
    now += 365 * 86_400_000
    let turns = 0
    const timer = setInterval(() => (turns += 1), 5)
    const guesses = await Promise.all(['a', 'b', 'c', 'd'].map((guess) => failure(vault.unlock(redact(guess)))))
    clearInterval(timer)
    expect(guesses).toEqual(['master_key_wrong', 'unlock_throttled', 'unlock_throttled', 'unlock_throttled'])
    expect(turns).toBeGreaterThan(10)
    expect(await failure(vault.unlock(redact('correct horse')))).toBe('unlock_throttled')
    // R8: a clock that is set back a year makes nobody wait for it.
    now -= 365 * 86_400_000
    expect(await failure(vault.unlock(redact('correct horse')))).toBe('unlock_throttled')
    now += 1000
    expect(await failure(vault.unlock(redact('correct horse')))).toBe('none')
    expect(await read(vault, 'session.a')).toBe('first')
  }, 180_000)

  test('changing it seals every record anew, both generations; the old key opens nothing any more', async () => {
    const vault = await filled()
    await vault.write('session.b', 1, text('other'))
    await vault.changeMasterKey(keyFile('new-key'))
    rmSync(join(folder, 'key'))
    const later = open({ named: keyFile('new-key') })
    expect([await read(later, 'session.a'), await read(later, 'session.b')]).toEqual(['second', 'other'])
    writeFileSync(join(directory(), 'session.a.sealed'), 'damaged')
    expect(await read(later, 'session.a')).toBe('first')
  })

  test('another agent notices the changed key, reads with it and writes with it', async () => {
    const vault = await filled()
    const other = open()
    expect(await read(other, 'session.a')).toBe('second')
    await vault.changeMasterKey(keyFile('new-key'))
    rmSync(join(folder, 'key'))
    expect(await read(other, 'session.a')).toBe('second')
    await other.write('session.a', 3, text('third'))
    expect(await read(vault, 'session.a')).toBe('third')
  })

  test('a crash after any step of changing it: every record is readable, and the next opening finishes it', async () => {
    const steps = await (async () => {
      await filled()
      return countSteps((disk) => open({ disk }).changeMasterKey(keyFile('new-key')))
    })()
    expect(steps).toBeGreaterThan(10)
    for (let step = 0; step < steps; step++) {
      rmSync(folder, { recursive: true })
      writeFolder()
      await filled()
      await failure(open({ disk: crashing(step) }).changeMasterKey(keyFile('new-key'))).catch(() => {})
      const vault = open()
      expect(await read(vault, 'session.a'), `after step ${step}`).toBe('second')
      await vault.changeMasterKey(keyFile('third-key'))
      rmSync(join(folder, 'key'), { force: true })
      rmSync(join(folder, 'new-key'), { force: true })
      expect(await read(open(), 'session.a'), `after step ${step}`).toBe('second')
    }
  })
})

function writeFolder(): void {
  folder = mkdtempSync(join(tmpdir(), 'authsock-vault-'))
}

const flip = (whole: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(whole)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

const mutating = ['create', 'link', 'rename', 'remove', 'syncFolder', 'makeFolder'] as const

/** A disk that takes so many changes and then none: what a crash leaves is what was done before. */
function crashing(after: number): Disk {
  return counting((count) => {
    if (count > after) throw Object.assign(new Error('crashed'), { code: 'EIO' })
  })
}

function counting(onChange: (count: number) => void): Disk {
  let count = 0
  const disk = { ...realDisk } as Record<string, unknown>
  for (const name of mutating) {
    disk[name] = async (...args: unknown[]) => {
      count += 1
      onChange(count)
      return (realDisk[name] as (...args: unknown[]) => Promise<unknown>)(...args)
    }
  }
  return disk as unknown as Disk
}

async function countSteps(work: (disk: Disk) => Promise<unknown>): Promise<number> {
  let steps = 0
  await work(
    counting((count) => {
      steps = count
    }),
  )
  return steps
}
