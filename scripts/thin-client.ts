// Compiles src/thin-client with the C compiler that is found. helpers.h is generated from the table of helpers; the rest is one program.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FailureForm, type HelperRow, helpers } from '../src/wire/helper-table.ts'

const sources = fileURLToPath(new URL('../src/thin-client', import.meta.url))

const starterSource = fileURLToPath(new URL('../installers/windows/authsock-start.c', import.meta.url))

const warnings = ['-Wall', '-Wextra', '-Werror', '-Wpedantic', '-Wshadow', '-Wconversion', '-Wno-sign-conversion']
const small = ['-Os', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-ffunction-sections', '-fdata-sections']

export interface Compiler {
  readonly command: readonly string[]
  readonly link: readonly string[]
  /** The end of the program's name. */
  readonly suffix?: string
}

/** The targets of zig for other platforms: it contains each libc. */
export const targets: Readonly<Record<string, string>> = {
  'linux-x64': 'x86_64-linux-musl',
  'linux-arm64': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos',
  'darwin-arm64': 'aarch64-macos',
  'win32-x64': 'x86_64-windows-gnu',
}

const runs = (command: readonly string[], ...args: readonly string[]): boolean => {
  const [program = '', ...rest] = command
  return spawnSync(program, [...rest, ...args], { stdio: 'ignore' }).status === 0
}

const zig = (target: string): Compiler => ({
  command: ['zig', 'cc', '-target', target],
  link: target.includes('linux') ? ['-static', '-s', '-Wl,--gc-sections'] : ['-s'],
  ...(target.includes('windows') ? { suffix: '.exe' } : {}),
})

/** The one for this machine, or undefined. The first that works makes the smallest program. */
export function findCompiler(): Compiler | undefined {
  const isStatic = ['-static', '-s', '-Wl,--gc-sections', '-Wl,--build-id=none']
  const own = targets[`${process.platform}-${process.arch}`]
  const candidates: Compiler[] = []
  if (process.platform === 'linux') candidates.push({ command: ['musl-gcc'], link: [...isStatic, '-Wl,-z,noseparate-code'] })
  if (own !== undefined && runs(['zig', 'version'])) candidates.push(zig(own))
  if (process.platform === 'linux') candidates.push({ command: ['cc'], link: isStatic }, { command: ['cc'], link: ['-s'] })
  if (process.platform === 'darwin') candidates.push({ command: ['cc'], link: ['-Wl,-dead_strip'] })
  return candidates.find(({ command, link }) => compiles({ command, link }))
}

/** What the program that it makes depends on: the compiler's file, its version, the flags. */
export function describeCompiler({ command, link }: Compiler): string {
  const [program = '', ...rest] = command
  const { stdout } = spawnSync(program, [...rest, '--version'], { encoding: 'utf8' })
  const path = (process.env['PATH'] ?? '').split(delimiter).find((folder) => existsSync(join(folder, program)))
  return JSON.stringify([path, command, link, stdout, warnings, small])
}

export const compilerFor = (platform: string): Compiler | undefined => {
  const target = targets[platform]
  return target !== undefined && runs(['zig', 'version']) ? zig(target) : undefined
}

function compiles({ command: [program = '', ...rest], link }: Compiler): boolean {
  const nowhere = process.platform === 'win32' ? 'NUL' : '/dev/null'
  const { status } = spawnSync(program, [...rest, '-x', 'c', '-', ...link, '-o', nowhere], {
    input: '#include <string.h>\nint main(void) { return (int)strlen(""); }\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return status === 0
}

/** The result is the program's path. Throws with the compiler's messages. */
export function compile(
  folder: string,
  { command, link, suffix = '' }: Compiler,
  more: readonly string[] = small,
  main = 'main.c',
): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'helpers.h'), table())
  const [program = '', ...rest] = command
  const output = join(folder, `authsock-client${suffix}`)
  const files = readdirSync(sources).filter((name) => name.endsWith('.c') && name !== 'main.c')
  const inputs = [...files.map((name) => join(sources, name)), main.includes('/') ? main : join(sources, main)]
  const args = ['-std=c11', ...warnings, ...more, `-I${folder}`, `-I${sources}`, ...inputs, ...link, '-o', output]
  const { status, stderr } = spawnSync(program, [...rest, ...args], { encoding: 'utf8' })
  if (status !== 0 || !existsSync(output)) throw new Error(`${command.join(' ')} fails:\n${stderr}`)
  return output
}

/** installers/windows: the program that starts the agent without a window. The result is its path. */
export function compileStarter(folder: string, command: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  const [program = '', ...rest] = command
  const output = join(folder, 'authsock-start.exe')
  const args = [
    ...rest,
    '-std=c11',
    '-Os',
    '-s',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wl,--subsystem,windows',
    starterSource,
    '-o',
    output,
  ]
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0 || !existsSync(output)) throw new Error(`${command.join(' ')} fails:\n${stderr}`)
  return output
}

/** src/wire/helper-table.ts, in C. */
function table(): string {
  const rows: readonly HelperRow[] = helpers
  const forms = rows.flatMap(({ name, failure }) => (failure === undefined ? [] : [failureForm(name, failure)]))
  const entries = rows.map(({ name, stdin, programs, env, failure }) => {
    const form = failure === undefined ? 'NULL' : `&failure_of_${name}`
    return `  {${text(name)}, input_${stdin}, ${list(programs)}, ${list(env)}, ${form}},`
  })
  return `// Generated from src/wire/helper-table.ts.
${forms.join('\n')}
static const struct helper helpers[] = {
${entries.join('\n')}
  {NULL, input_none, NULL, NULL, NULL},
};
`
}

/** A string of C: JSON has the same escapes for what the table contains. */
const text = (value: string): string => JSON.stringify(value)

const list = (texts: readonly string[]): string => `(const char *const[]){${[...texts.map(text), 'NULL'].join(', ')}}`

function failureForm(name: string, { stdout, isJson, stderr, exit = -1, greeting }: FailureForm): string {
  const fields = [text(stdout), isJson, stderr, exit, greeting === undefined ? 'NULL' : text(greeting)]
  return `static const struct failure_form failure_of_${name} = {${fields.join(', ')}};`
}
