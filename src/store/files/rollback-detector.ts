// The last generation of each record that this user has had, kept outside the vault: a vault that was restored from a backup,
// or copied over, is older than that, and its refresh tokens may have been spent since (R13). It holds no secret, and what is
// lost of it costs a warning at most.

import { hash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** One login's records count from 1: `login` tells them apart. */
export interface Seen {
  readonly login: number
  readonly generation: number
}

/** Over many files, so that one session's note costs no writing of a hundred thousand others. */
export class RollbackDetector {
  readonly #folder: string
  readonly #files = new Map<string, NotesFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Whether a later generation of the same login has been there. */
  isOutdated(id: string, seen: Seen): Promise<boolean> {
    return this.#fileOf(id).isOutdated(id, seen)
  }

  note(id: string, seen: Seen): void {
    this.#fileOf(id).note(id, seen)
  }

  /** What was noted is written. */
  async settled(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.settled()))
  }

  #fileOf(id: string): NotesFile {
    const name = hash('sha256', id, 'hex').slice(0, 2)
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const file = new NotesFile(join(this.#folder, `${name}.json`))
    this.#files.set(name, file)
    return file
  }
}

class NotesFile {
  readonly #path: string
  readonly #fresh = new Map<string, Seen>()
  #writing: Promise<void> | undefined
  /** The file as it was read last: a start asks for every session, and would parse the notes of all for each. */
  #read: { readonly stamp: string; readonly notes: Promise<ReadonlyMap<string, Seen>> } | undefined

  constructor(path: string) {
    this.#path = path
  }

  async isOutdated(id: string, { login, generation }: Seen): Promise<boolean> {
    const last = this.#fresh.get(id) ?? (await this.#notes()).get(id)
    return last !== undefined && last.login === login && last.generation > generation
  }

  note(id: string, seen: Seen): void {
    this.#fresh.set(id, seen)
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#fresh.size > 0) {
      const notes = new Map(this.#fresh)
      // Other agents over this home note theirs in the same file.
      const all = new Map([...(await this.#notes()), ...notes])
      const temporary = `${this.#path}.${randomBytes(6).toString('hex')}`
      try {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
        await writeFile(temporary, JSON.stringify(Object.fromEntries(all)), { mode: 0o600, flag: 'wx' })
        await rename(temporary, this.#path)
      } catch {
        await rm(temporary, { force: true }).catch(() => {})
        return
      }
      for (const [id, seen] of notes) if (this.#fresh.get(id) === seen) this.#fresh.delete(id)
    }
  }

  async #notes(): Promise<ReadonlyMap<string, Seen>> {
    // Looked at before it is read: what another agent writes in between is read again.
    const stamp = await stampOf(this.#path)
    if (this.#read?.stamp !== stamp) this.#read = { stamp, notes: readNotes(this.#path) }
    return this.#read.notes
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true })
    return `${mtimeNs} ${ctimeNs} ${size} ${ino}`
  } catch {
    return ''
  }
}

async function readNotes(path: string): Promise<ReadonlyMap<string, Seen>> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, Seen>)
    return new Map(entries.filter(([, { login, generation }]) => Number.isFinite(login) && Number.isFinite(generation)))
  } catch {
    return new Map()
  }
}
