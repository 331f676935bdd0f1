// The user's editor, as git starts it: VISUAL, else EDITOR, by a shell, with the file as its last argument.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import type { Context } from './context.ts'

/** Resolves when the editor has ended. Throws bad_request. */
export async function runEditor({ env }: Context, file: string): Promise<void> {
  const editor = [env['VISUAL'], env['EDITOR']].find((each) => each !== undefined && each !== '') ?? defaultEditor
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // The variable is a command with arguments, and the user's own; the file is an argument of its own.
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
      : spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code === 0) return
  throw new Failure('bad_request', `the editor '${editor}' ended with ${code ?? 'a signal'}`, { hint: 'set VISUAL or EDITOR' })
}

const defaultEditor = process.platform === 'win32' ? 'notepad' : 'vi'
