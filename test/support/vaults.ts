// Vaults in scratch folders: made by this version, or by an earlier one (test/unit/store/fixtures/format-1.json).

import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asFailure } from '../../src/core/failures.ts'
import { redact } from '../../src/core/redacted.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Disk } from '../../src/platform/fs/disk.ts'
import { tryLocalLock } from '../../src/platform/fs/local-lock.ts'
import { sessionLocks } from '../../src/store/files/locks.ts'
import { type MasterKeyChoice, Store } from '../../src/store/store.ts'

export interface LegacyVault {
  /** vault.json as text with `@FOLDER@` for the folder above; the others base64. */
  readonly files: Readonly<Record<string, string>>
  readonly key?: string
  readonly new_key?: string
  readonly passphrase?: string
}

export const legacyVaults = JSON.parse(
  readFileSync(new URL('../unit/store/fixtures/format-1.json', import.meta.url), 'utf8'),
) as { readonly records: Readonly<Record<string, string>>; readonly vaults: Readonly<Record<string, LegacyVault>> }

export class ScratchVault {
  /** The folder above the vault's; what is in it is out of reach for who can write to the vault. */
  readonly folder = mkdtempSync(join(tmpdir(), 'authsock-vault-'))
  readonly directory = join(this.folder, 'vault')
  readonly manifest = join(this.directory, 'vault.json')
  readonly note = join(this.folder, 'note.json')
  readonly warnings: string[] = []

  static legacy(name: string): ScratchVault {
    const scratch = new ScratchVault()
    const { files, key, new_key } = legacyVaults.vaults[name] ?? { files: {} }
    mkdirSync(scratch.directory, { mode: 0o700 })
    for (const [file, content] of Object.entries(files)) {
      const isText = file === 'vault.json'
      const bytes = isText ? content.replaceAll('@FOLDER@', scratch.folder) : Buffer.from(content, 'base64')
      writeFileSync(join(scratch.directory, file), bytes, { mode: 0o600 })
    }
    if (key !== undefined) writeFileSync(join(scratch.folder, 'key'), `${key}\n`, { mode: 0o600 })
    if (new_key !== undefined) writeFileSync(join(scratch.folder, 'new-key'), `${new_key}\n`, { mode: 0o600 })
    return scratch
  }

  keyFile(name = 'key'): MasterKeyChoice {
    return { provider: 'key-file', path: join(this.folder, name) }
  }

  descriptor(name = 'key'): MasterKeyChoice {
    return { provider: 'descriptor', fd: openSync(join(this.folder, name), 'r') }
  }

  open(options: { readonly named?: MasterKeyChoice; readonly disk?: Disk; readonly note?: string | null } = {}): Store {
    const { named, disk, note = this.note } = options
    const onWarning = (text: string): void => void this.warnings.push(text)
    const lock = sessionLocks({ directory: join(this.directory, 'locks'), tryLocalLock, onWarning })
    return new Store({
      directory: this.directory,
      clock: systemClock,
      lock,
      onWarning,
      ...(named === undefined ? {} : { named }),
      ...(disk === undefined ? {} : { disk }),
      ...(note === null ? {} : { noteFile: note }),
    })
  }

  /** With two records, as the legacy vaults have them. */
  async filled(named = this.keyFile()): Promise<Store> {
    const store = this.open({ named })
    await store.prepare()
    await store.write('session.a', 1, bytes('first'))
    await store.write('session.a', 2, bytes('second'))
    await store.write('secret.b', 1, bytes('other'))
    return store
  }

  json(): Record<string, unknown> {
    return JSON.parse(readFileSync(this.manifest, 'utf8')) as Record<string, unknown>
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export async function read(store: Store, id = 'session.a'): Promise<string | undefined> {
  const sealed = await store.read(id)
  return sealed === undefined ? undefined : new TextDecoder().decode(sealed.content.reveal())
}

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => asFailure(error).code,
  )

export const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => asFailure(error).message,
  )

export const passphrase = (text = 'correct horse'): MasterKeyChoice => ({ provider: 'passphrase', passphrase: redact(text) })
