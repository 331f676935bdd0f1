// `npm run check:package`: makes the package as npm would publish it and looks at it as its users do. publint checks that each path in
// package.json leads to a file of the right kind; tsc, without skipLibCheck, compiles a program that uses every export of
// authsock/client, as Node and as a bundler resolve it.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { makePackage } from './program.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const cache = join(root, 'node_modules/.cache')

/** All that authsock/client exports. A new export needs a line here, types need documentation in src/client/index.ts. */
const values = ['connect', 'exitCodes', 'Failure']
const types = [
  'AgentStatus',
  'ApprovalAnswer',
  'ApprovalReply',
  'ApprovalStatus',
  'AuthsockClient',
  'ConnectOptions',
  'EventMessage',
  'FailureCode',
  'FailureDetails',
  'Grant',
  'LoginConversation',
  'LoginMessage',
  'LoginOptions',
  'LogoutAnswer',
  'MasterKeyRequest',
  'Problem',
  'SecretRequest',
  'SecretStatus',
  'SessionState',
  'SessionStatus',
  'ShareRequest',
  'ShareStatus',
  'TokenAnswer',
  'TokenOptions',
  'VaultStatus',
]

const user = `import * as library from 'authsock/client'
import type { ${types.join(', ')} } from 'authsock/client'

type Known = ${values.map((name) => `'${name}'`).join(' | ')}
export const values = [${values.map((name) => `library.${name}`).join(', ')}]
export const known: readonly Known[] = Object.keys(library) as (keyof typeof library)[]
export type Used = [${types.join(', ')}]

export async function token(options: ConnectOptions): Promise<string> {
  const client = await library.connect(options)
  return (await client.token({ minTtl: 60 })).access_token
}
`

mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'authsock-package-'))
try {
  const problems = await checkPackage(folder)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

async function checkPackage(at: string): Promise<readonly string[]> {
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'protocol']) {
    cpSync(join(root, name), join(at, name), { recursive: true })
  }
  await makePackage(join(at, 'dist'))
  const { messages, pkg } = await publint({ pkgDir: at, strict: true, pack: false })
  const found = messages.map((message) => `publint: ${formatMessage(message, pkg) ?? message.code}`)
  return [...found, ...checkTypes(at, 'nodenext', 'nodenext'), ...checkTypes(at, 'preserve', 'bundler')]
}

function checkTypes(at: string, module: string, moduleResolution: string): readonly string[] {
  const project = join(at, `user-${moduleResolution}`)
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  symlinkSync(at, join(project, 'node_modules/authsock'))
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'))
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  const compilerOptions = { noEmit: true, strict: true, target: 'es2024', types: ['node'], module, moduleResolution }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.ts'] }))
  writeFileSync(join(project, 'user.ts'), user)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' })
  return status === 0 ? [] : [`${moduleResolution}: ${stdout.trim()}`]
}
