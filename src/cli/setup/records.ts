// What `authsock setup` has changed, by tool: setup.json in the state folder.

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { array, DecodeError, object, oneOf, string } from '../../core/util/json-decoder.ts'
import type { Done } from './change.ts'

export class Records {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  tools(): readonly string[] {
    return Object.keys(this.#all())
  }

  of(tool: string): readonly Done[] {
    return this.#all()[tool] ?? []
  }

  add(tool: string, done: Done): void {
    this.replace(tool, [...this.of(tool), done])
  }

  replace(tool: string, done: readonly Done[]): void {
    const { [tool]: _before, ...others } = this.#all()
    const all = done.length === 0 ? others : { ...others, [tool]: done }
    if (Object.keys(all).length === 0) return rmSync(this.#path, { force: true })
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    atomicWriteSync(this.#path, JSON.stringify(all, undefined, 2))
  }

  #all(): Readonly<Record<string, readonly Done[]>> {
    try {
      const tools = object(JSON.parse(readFileSync(this.#path, 'utf8')), 'setup')
      return Object.fromEntries(Object.entries(tools).map(([name, done]) => [name, array(done, name).map(decodeDone)]))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
      const reason = error instanceof DecodeError ? error.message : ((error as NodeJS.ErrnoException).code ?? 'not JSON')
      throw new Failure('storage_failed', `cannot read ${this.#path}: ${reason}`, {
        hint: 'it records what `authsock setup` has changed; move it away to continue without undo',
      })
    }
  }
}

function decodeDone(value: unknown): Done {
  const fields = object(value, 'change')
  const kind = oneOf(fields['kind'], ['file', 'link'] as const, 'kind')
  const path = string(fields['path'], 'path')
  if (kind === 'link') return { kind, path, to: string(fields['to'], 'to') }
  const [above, removed, added] = ['above', 'removed', 'added'].map((key) => string(fields[key], key))
  return { kind, path, above: above ?? '', removed: removed ?? '', added: added ?? '', created: fields['created'] === true }
}
