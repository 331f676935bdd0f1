// Raw tokens and headers for every program that runs a command and reads its output: curl, rclone, mail programs, Codex.

import { thenSync } from '../core/util/then-sync.ts'
import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, options, rawValue, unixTime } from './format.ts'
import type { Credential, Helper, HelperAnswer, HelperPorts } from './ports.ts'

/** `[NAME] [--scope S] [--resource R] [--audience A] [--min-ttl N] [--header] [--json]` */
export const token: Helper = {
  run({ args }, ports) {
    const { name, target, minTtl, flags } = options(args, { header: 'flag', json: 'flag' })
    const print = (credential: Credential): HelperAnswer => {
      if (flags.has('json')) return { stdout: jsonLine(describe(credential, ports.now())) }
      const text = flags.has('header') ? `Authorization: ${authorization(credential)}` : rawValue(credential)
      return { stdout: `${text}\n` }
    }
    return thenSync(ports.named(name, target, minTtl), print)
  },
}

export const header: Helper = {
  run: (request, ports) => token.run({ ...request, args: ['--header', ...request.args] }, ports),
}

/** `NAME-OR-URL`: the value of a static secret, or the credential that the routes give for a URL. */
export const password: Helper = {
  async run({ args }, ports) {
    const { name } = options(args)
    if (name === undefined) throw new Failure('bad_request', 'the URL or the name of a secret is missing')
    const credential = await find(name, ports)
    return { stdout: `${rawValue(credential)}\n` }
  },
}

async function find(name: string, ports: HelperPorts): Promise<Credential> {
  if (!/[/:]/.test(name)) return ports.named(name)
  const url = parseUrlPattern(name)
  const found = url === undefined ? undefined : await ports.at(url)
  if (found !== undefined) return found
  throw new Failure('not_found', `no route or secret covers ${name}`, {
    hint: 'add one: `authsock route add` or `authsock secret add`',
  })
}

/** The same fields as `authsock token --json`. */
function describe(credential: Credential, now: number) {
  const { value, tokenType, expiresAt, from, scope, target } = credential
  return {
    ...(from.kind === 'profile' ? { profile: from.profile } : { secret: from.secret }),
    access_token: value.reveal(),
    token_type: from.kind === 'profile' ? (tokenType ?? 'Bearer') : 'static',
    expires_at: unixTime(expiresAt),
    expires_in: expiresAt === undefined ? undefined : Math.max(0, Math.floor((expiresAt - now) / 1000)),
    scope: scope?.join(' '),
    resource: target?.resource,
    audience: target?.audience,
  }
}
