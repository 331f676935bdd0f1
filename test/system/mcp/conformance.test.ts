// P27: the conformance suite of MCP, against `authsock mcp` with a client that knows nothing of authorization in front.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clientPath, clients } from '../../support/clients.ts'
import { program } from '../../support/home.ts'
import { describeWith } from '../../support/real-part.ts'

const suite = 'node-mcp-conformance/node_modules/@modelcontextprotocol/conformance/dist/index.js'
const client = fileURLToPath(new URL('../../conformance/client.ts', import.meta.url))

interface Check {
  readonly id: string
  readonly status: string
  readonly description: string
  readonly errorMessage?: string
}

/** What failed, or was warned about, by scenario: those that the revision requires, and its extensions. */
async function run(revision: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-conformance-'))
  try {
    const args = [
      'client',
      '--command',
      `${process.execPath} ${client}`,
      '--requirements',
      revision,
      '--timeout',
      '240000',
      '-o',
      folder,
    ]
    const child = spawn(process.execPath, [clientPath(suite), ...args], {
      env: { ...process.env, AUTHSOCK_TEST_PROGRAM: program },
      stdio: 'ignore',
    })
    await new Promise((resolve) => child.once('close', resolve))
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('checks.json'))
    return new Map(
      files.map((path) => {
        const checks = JSON.parse(readFileSync(join(folder, path), 'utf8')) as readonly Check[]
        const name = path
          .split(sep)
          .slice(0, -1)
          .join('/')
          .replace(/-\d{4}-\d\d-\d\dT.*$/, '')
        const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
        return [name, bad.map(({ id, description, errorMessage }) => `${id}: ${errorMessage ?? description}`)]
      }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Not yet: these need grants and tokens that profiles do not have. */
const unsupported = new Set([
  'auth/client-credentials-jwt',
  'auth/dpop',
  'auth/dpop-nonce',
  'auth/enterprise-managed-authorization',
  'auth/wif-jwt-bearer',
])

describeWith(clients(suite), 'MCP conformance', () => {
  test.each([
    ['2025-11-25', 14, ['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry']],
    ['2026-07-28', 25, ['tools_call', 'http-standard-headers', 'http-custom-headers', 'json-schema-ref-no-deref']],
  ])('P27 %s: all %i scenarios of authorization, and those of the transport', async (revision, count, others) => {
    const results = await run(revision)
    const isExtension = (name: string): boolean => unsupported.has(name) || name === 'auth/client-credentials-basic'
    const auth = [...results].filter(([name]) => name.startsWith('auth/') && !isExtension(name))
    expect(auth.filter(([, bad]) => bad.length > 0)).toEqual([])
    expect(auth).toHaveLength(count)
    for (const name of [...others, 'auth/client-credentials-basic']) expect([name, results.get(name)]).toEqual([name, []])
  })
})
