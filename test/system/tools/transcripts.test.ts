// What tools say and hear, as text files: played against a real agent through the native thin client and through its twin, which
// must not differ. A file's lines: `$` the program and its arguments, `@` a variable, `<` stdin, `>` stdout, `!` stderr, `=` the
// exit code (0 where there is none). A line that ends without a line feed ends in `\`. Words in braces are looked up.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

const folder = new URL('transcripts/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

interface Exchange {
  readonly title: string
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  readonly stdin: string
  readonly answer: string
}

function parse(text: string): readonly Exchange[] {
  const exchanges: { title: string; command: string; env: Record<string, string>; stdin: string; answer: string }[] = []
  let title = ''
  for (const line of text.split('\n')) {
    const [mark, rest] = [line.slice(0, 1), line.slice(2)]
    const last = exchanges.at(-1)
    if (mark === '#') title = rest
    else if (mark === '$') exchanges.push({ title, command: rest, env: {}, stdin: '', answer: '' })
    else if (last === undefined || mark === '') continue
    else if (mark === '@') last.env[rest.split('=')[0] ?? ''] = rest.slice(rest.indexOf('=') + 1)
    else if (mark === '<') last.stdin += rest.endsWith('\\') ? rest.slice(0, -1) : `${rest}\n`
    else last.answer += `${line}\n`
  }
  return exchanges
}

let server: AuthorizationServer

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

const routes = `
[profile.away]
issuer = "https://login.example.com"
client_id = "away"

[[route]]
url = "https://git.example.com/acme"
profile = "work"

[[route]]
url = "https://away.example.com"
profile = "away"

[[route]]
url = "*.pkg.example.com"
profile = "work"
username = "__token__"

[[route]]
url = "https://keys.example.com"
secret = "keys"
`

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'transcripts', () => {
  describe.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s', (_, programs) => {
    let home: Home
    let words: Readonly<Record<string, string>>

    beforeAll(async () => {
      home = new Home()
      home.config(workProfile(server) + routes)
      expect((await logIn(home, server)).code).toBe(0)
      for (const args of [
        ['keys', '--username', 'AKIAIOSFODNN7EXAMPLE'],
        ['plain', '--url', 'https://static.example.com', '--username', 'ada'],
        ['nameless', '--url', 'https://nameless.example.com'],
      ]) {
        expect((await home.run(['secret', 'add', ...args, '--stdin'], { stdin: `value of ${args[0]}\n` })).code).toBe(0)
      }
      const { access_token: token, expires_at: expires } = (await home.http('GET', '/v1/token?profile=work')).json<{
        access_token: string
        expires_at: number
      }>()
      words = {
        token,
        expires: String(expires),
        'expires-rfc3339': new Date(expires * 1000).toISOString().replace('.000Z', 'Z'),
        'basic-ada': Buffer.from('ada:value of plain').toString('base64'),
      }
    })

    afterAll(() => home.close())

    const fill = (text: string): string => text.replaceAll(/\{([a-z0-9-]+)\}/g, (found, word: string) => words[word] ?? found)

    test.each(files)(
      '%s',
      async (name) => {
        for (const { title, command, env, stdin, answer } of parse(readFileSync(new URL(name, folder), 'utf8'))) {
          const [program = '', ...args] = fill(command).split(' ')
          const child = spawn(join(programs(), program), args, { env: { ...home.env, CI: '1', ...env }, cwd: home.path })
          const heard = { '>': '', '!': '' }
          child.stdout.on('data', (chunk: Buffer) => (heard['>'] += chunk.toString()))
          child.stderr.on('data', (chunk: Buffer) => (heard['!'] += chunk.toString()))
          child.stdin.on('error', () => {})
          child.stdin.end(fill(stdin))
          const [code] = (await once(child, 'close')) as [number]
          const lines = (mark: '>' | '!'): string =>
            heard[mark] === ''
              ? ''
              : heard[mark]
                  .replace(/\n$/, '')
                  .split('\n')
                  .map((line) => `${mark} ${line}`.trimEnd() + '\n')
                  .join('')
          const got = lines('>') + lines('!') + (code === 0 ? '' : `= ${code}\n`)
          expect(`$ ${command} (${title})\n${normal(got)}`).toBe(`$ ${command} (${title})\n${fill(answer)}`)
        }
      },
      300_000,
    )
  })
})

/** What differs each time. */
const normal = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/(?<="id_token":")[^"]+/g, 'ID_TOKEN')
    .replaceAll(/(?<="expiration_time":)\d+/g, 'TIME')
    .replaceAll(/(?<="expires_in":)\d+/g, 'LEFT')
