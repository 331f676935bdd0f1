// R13: the last generation of each record that this user has had, noted outside the vault. A record that is older than its note
// comes from a backup or a copy, and its refresh token may have been spent since. The notes hold no secret; a lost note costs a warning at most.

import { hash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DecodeError, number, object } from '../../core/util/json-decoder.ts'
import { atomicWrite } from '../../platform/fs/atomic-write.ts'
import { readOwnFile } from '../../platform/fs/own-file.ts'

/** Generations count from 1 for each login; `login` (the time of the login, ms) tells the logins apart. */
export interface LastGeneration {
  readonly login: number
  readonly generation: number
}

/** Notes are spread over 256 files: one session's note does not rewrite those of a hundred thousand others. */
export class RollbackDetector {
  readonly #folder: string
  readonly #files = new Map<string, NotesFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Whether a later generation of the same login has been noted. */
  isOutdated(id: string, found: LastGeneration): Promise<boolean> {
    return this.#fileOf(id).isOutdated(id, found)
  }

  note(id: string, last: LastGeneration): void {
    this.#fileOf(id).note(id, last)
  }

  /** Resolves when the notes taken so far are written, or could not be. */
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

type Notes = ReadonlyMap<string, LastGeneration>

class NotesFile {
  readonly #path: string
  readonly #unwritten = new Map<string, LastGeneration>()
  #writing: Promise<void> | undefined
  /** The file as last read: a start looks up every session, and would parse all notes for each. */
  #cached: { readonly stamp: string; readonly notes: Promise<Notes> } | undefined

  constructor(path: string) {
    this.#path = path
  }

  async isOutdated(id: string, { login, generation }: LastGeneration): Promise<boolean> {
    const last = this.#unwritten.get(id) ?? (await this.#notes()).get(id)
    return last !== undefined && last.login === login && last.generation > generation
  }

  note(id: string, last: LastGeneration): void {
    this.#unwritten.set(id, last)
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#unwritten.size > 0) {
      const notes = new Map(this.#unwritten)
      try {
        // Other agents over this home write to the same file.
        const all = new Map([...(await this.#notes()), ...notes])
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
        await atomicWrite(this.#path, JSON.stringify(Object.fromEntries(all)))
      } catch {
        return
      }
      for (const [id, last] of notes) if (this.#unwritten.get(id) === last) this.#unwritten.delete(id)
    }
  }

  async #notes(): Promise<Notes> {
    // The stamp is taken before the file is read: what another agent writes in between is read again.
    const stamp = await stampOf(this.#path)
    if (this.#cached?.stamp !== stamp) this.#cached = { stamp, notes: readNotes(this.#path) }
    return this.#cached.notes
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

/** An entry of another shape is left out; a file of another shape has no notes. */
async function readNotes(path: string): Promise<Notes> {
  try {
    const content = (await readOwnFile(path)) ?? Buffer.from('{}')
    const entries = Object.entries(object(JSON.parse(content.toString()), 'notes'))
    return new Map(entries.flatMap(([id, json]) => decodeNote(id, json)))
  } catch {
    return new Map()
  }
}

function decodeNote(id: string, json: unknown): readonly (readonly [string, LastGeneration])[] {
  try {
    const { login, generation } = object(json, id)
    return [[id, { login: number(login, 'login'), generation: number(generation, 'generation') }]]
  } catch (error) {
    if (error instanceof DecodeError) return []
    throw error
  }
}
