// L17: which files and folders are accepted as ours, and that none of them can make a read or a write wait.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { atomicWrite, atomicWriteSync } from '../../../../src/platform/fs/atomic-write.ts'
import { realDisk } from '../../../../src/platform/fs/disk.ts'
import { openOwnFileSync, readOwnFile, readOwnFileSync } from '../../../../src/platform/fs/own-file.ts'
import { checkPrivateFolder, preparePrivateFolder } from '../../../../src/platform/fs/private-folder.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-own-'))
  path = join(folder, 'file')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const isRoot = process.getuid?.() === 0

describe.skipIf(process.platform === 'win32')('a file of ours', () => {
  test('S8 L17 a pipe, a folder and a device are refused at once', async () => {
    execFileSync('mkfifo', ['-m', '600', path])
    await expect(readOwnFile(path)).rejects.toThrow('is not a regular file')
    expect(() => readOwnFileSync(path)).toThrow('is not a regular file')
    expect(() => openOwnFileSync(path, constants.O_RDWR | constants.O_APPEND)).toThrow('is not a regular file')
    await expect(readOwnFile(folder)).rejects.toThrow('is not a regular file')
    await expect(readOwnFile('/dev/zero')).rejects.toThrow('is not a regular file')
  })

  test('L17 a symbolic link is refused', async () => {
    writeFileSync(join(folder, 'target'), 'x', { mode: 0o600 })
    symlinkSync(join(folder, 'target'), path)
    await expect(readOwnFile(path)).rejects.toMatchObject({ code: 'ELOOP' })
    expect(() => openOwnFileSync(path, constants.O_WRONLY | constants.O_APPEND)).toThrow('ELOOP')
  })

  test('L17 a file that others can write to is refused, one that others can read is not', async () => {
    writeFileSync(path, 'x', { mode: 0o644 })
    expect((await readOwnFile(path))?.toString()).toBe('x')
    chmodSync(path, 0o646)
    await expect(readOwnFile(path)).rejects.toThrow('can be written by others (mode 646)')
    expect(() => readOwnFileSync(path)).toThrow('can be written by others (mode 646)')
  })

  test.skipIf(!isRoot)("L17 another user's file and another user's folder are refused", async () => {
    writeFileSync(path, 'x', { mode: 0o600 })
    chownSync(path, 12_345, 12_345)
    await expect(readOwnFile(path)).rejects.toThrow('belongs to another user (uid 12345)')
    const other = join(folder, 'other')
    mkdirSync(other, { mode: 0o700 })
    chownSync(other, 12_345, 12_345)
    expect(() => preparePrivateFolder(other)).toThrow('belongs to another user (uid 12345)')
    await expect(realDisk.makeFolder(other)).rejects.toThrow('belongs to another user (uid 12345)')
  })

  test('a file that is too large is refused; one that is not there is undefined', async () => {
    writeFileSync(path, 'x'.repeat(100), { mode: 0o600 })
    await expect(readOwnFile(path, 99)).rejects.toThrow('is larger than 99 bytes')
    expect(() => readOwnFileSync(path, 99)).toThrow('is larger than 99 bytes')
    expect([await readOwnFile(`${path}.none`), readOwnFileSync(`${path}.none`)]).toEqual([undefined, undefined])
  })
})

describe.skipIf(process.platform === 'win32')('a folder of ours', () => {
  test('S13 L17 one that others can write to is refused, one that others can read is closed', async () => {
    const state = join(folder, 'state')
    preparePrivateFolder(state)
    expect(statSync(state).mode & 0o777).toBe(0o700)
    chmodSync(state, 0o755)
    preparePrivateFolder(state)
    expect(statSync(state).mode & 0o777).toBe(0o700)
    for (const mode of [0o777, 0o1777, 0o702]) {
      chmodSync(state, mode)
      for (const check of [preparePrivateFolder, checkPrivateFolder])
        expect(() => check(state)).toThrow(`can be written by others (mode ${mode.toString(8)})`)
      await expect(realDisk.makeFolder(state)).rejects.toThrow('can be written by others')
      expect(statSync(state).mode & 0o7777).toBe(mode)
    }
  })

  test('a folder that does not exist is created by one and left alone by the other', () => {
    checkPrivateFolder(join(folder, 'none'))
    expect(existsSync(join(folder, 'none'))).toBe(false)
    preparePrivateFolder(join(folder, 'deep', 'folder'))
    expect(statSync(join(folder, 'deep', 'folder')).mode & 0o777).toBe(0o700)
  })
})

describe('an atomic write', () => {
  test.each([
    ['asynchronous', (mode?: number) => atomicWrite(path, 'new', mode === undefined ? {} : { mode })],
    ['synchronous', (mode?: number) => Promise.resolve(atomicWriteSync(path, 'new', mode))],
  ])('%s: replaces a file as a whole, with its mode whatever the umask, and leaves nothing beside it', async (_, write) => {
    await write()
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o600])
    const umask = process.umask(0o077)
    try {
      await write(0o644)
    } finally {
      process.umask(umask)
    }
    expect([statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([0o644, ['file']])
  })

  test.each([
    ['asynchronous', () => atomicWrite(path, 'new')],
    ['synchronous', async () => atomicWriteSync(path, 'new')],
  ])('%s: replaces a link and does not write through it; a failure leaves nothing', async (_, write) => {
    const target = join(folder, 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, path)
    await write()
    expect([readFileSync(target, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['precious', 'new'])
    rmSync(path)
    mkdirSync(path)
    await expect(write()).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/)
    expect(readdirSync(folder).sort()).toEqual(['file', 'target'])
  })
})
