// What adapters print: values from servers and tools never break out of the line they are printed in (requirement L16).

import { describe, expect, test } from 'vitest'
import { redact } from '../../../src/core/redacted.ts'
import { Failure } from '../../../src/core/failures.ts'
import { bazel } from '../../../src/helpers/bazel.ts'
import { cargo } from '../../../src/helpers/cargo.ts'
import { claude } from '../../../src/helpers/claude.ts'
import { git } from '../../../src/helpers/git.ts'
import { goauth } from '../../../src/helpers/goauth.ts'
import { pnpm } from '../../../src/helpers/pnpm.ts'
import type { Credential, Helper, HelperPorts } from '../../../src/helpers/ports.ts'
import { header, password, token } from '../../../src/helpers/token.ts'
import { failureAnswer, failureLine, failureText } from '../../../src/wire/helper-failure.ts'
import { findHelper } from '../../../src/wire/helper-table.ts'

const unused = () => Promise.reject(new Error('not used by this test'))

const portsWith = (credential: Credential): HelperPorts => ({
  now: () => 0,
  at: async () => credential,
  named: () => credential,
  idToken: unused,
  refused: unused,
  keep: unused,
  forget: unused,
  available: unused,
  assumeRole: unused,
})

const profileToken = (value: string, tokenType = 'Bearer'): Credential => ({
  value: redact(value),
  tokenType,
  from: { kind: 'profile', profile: 'work' },
})

const bearerOnly = 'capability[]=authtype\nprotocol=https\nhost=h.example\nwwwauth[]=Bearer\n\n'
const basicGit = 'protocol=https\nhost=h.example\n\n'
const crate = JSON.stringify({ v: 1, kind: 'get', registry: { 'index-url': 'sparse+https://h.example/' } })

const calls: readonly (readonly [name: string, helper: Helper, args: readonly string[], stdin: string])[] = [
  ['token', token, ['work'], ''],
  ['token --header', token, ['work', '--header'], ''],
  ['header', header, ['work'], ''],
  ['password', password, ['https://h.example'], ''],
  ['pnpm', pnpm, ['work'], ''],
  ['claude', claude, ['work'], ''],
  ['goauth', goauth, ['https://h.example'], ''],
  ['bazel', bazel, ['get'], '{"uri":"https://h.example"}'],
  ['cargo', cargo, [], crate],
  ['git, Bearer', git, ['get'], bearerOnly],
  ['git, Basic', git, ['get'], basicGit],
]

/** A failure may be thrown at once or by rejection. */
const run = async (helper: Helper, args: readonly string[], stdin: string, credential: Credential) =>
  await helper.run({ args, env: {}, stdin }, portsWith(credential))

describe('S15 a token with a line break', () => {
  test.each(calls)('%s refuses it', async (_, helper, args, stdin) => {
    for (const value of ['abc\r\nX-Injected: 1', 'abc\nX-Injected: 1', 'abc\rX-Injected: 1', 'abc\0']) {
      await expect(run(helper, args, stdin, profileToken(value))).rejects.toMatchObject({
        code: 'server_invalid_response',
        message: 'the access token contains a line break or other control character',
      })
    }
    await expect(run(helper, args, stdin, profileToken('abc~-._/+=='))).resolves.toBeDefined()
  })

  test('nor may the token_type hold one', async () => {
    for (const tokenType of ['Bearer\r\nX-Injected: 1', 'Bear er', '']) {
      await expect(run(header, ['work'], '', profileToken('abc', tokenType))).rejects.toMatchObject({
        code: 'server_invalid_response',
      })
    }
    expect(await run(header, ['work'], '', profileToken('abc', 'bEARER'))).toEqual({ stdout: 'Authorization: Bearer abc\n' })
    expect(await run(header, ['work'], '', profileToken('abc', 'DPoP'))).toEqual({ stdout: 'Authorization: DPoP abc\n' })
  })
})

describe('S10 terminal escapes in messages', () => {
  const failure = new Failure('not_found', 'no route covers \u001b]0;title\u0007 \u202e\u200b\u009b31m\nsecond line', {
    hint: 'run\u001b[2J this',
  })

  test('a failure on several lines keeps its line feeds and nothing else', () => {
    expect(failureText(failure)).toBe(
      'authsock: no route covers \ufffd]0;title\ufffd \ufffd\ufffd\ufffd31m\n          second line\nhint: run\ufffd[2J this\n',
    )
  })

  test('a failure on one line', () => {
    expect(failureLine(failure)).toBe(
      'authsock: no route covers \ufffd]0;title\ufffd \ufffd\ufffd\ufffd31m; second line; run\ufffd[2J this',
    )
  })
})

describe('H9 a failure in the form of each tool', () => {
  const failure = new Failure('agent_unreachable', 'no agent is "running"\nand {message} is text', { hint: 'start it' })
  const line = 'authsock: no agent is "running"; and {message} is text; start it'
  const text = 'authsock: no agent is "running"\n          and {message} is text\nhint: start it\n'

  test.each([
    ['git', { stdout: 'quit=1\n', stderr: text, exit: 7 }],
    ['docker', { stdout: `${line}\n`, stderr: '', exit: 1 }],
    ['kubectl', { stdout: '', stderr: text, exit: 7 }],
  ])('%s', (name, answer) => {
    expect(failureAnswer(failure, findHelper(name)?.failure)).toEqual(answer)
  })

  test.each([
    ['google', { version: 1, success: false, code: '503', message: line }],
    ['cargo', { Err: { kind: 'other', message: line, 'caused-by': [] } }],
  ])('%s, as JSON', (name, json) => {
    const { stdout, stderr, exit } = failureAnswer(failure, findHelper(name)?.failure)
    expect([JSON.parse(stdout), stderr, exit]).toEqual([json, '', 0])
  })
})
