// Raw tokens and headers, for everything that runs a command and reads what it prints: curl, rclone, mail programs, Codex.

import { thenSync } from '../core/util/then-sync.ts'
import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, options, schemeOf, unixTime } from './format.ts'
import type { Credential, Helper, HelperAnswer, HelperPorts } from './ports.ts'

/** `[NAME] [--scope S] [--resource R] [--audience A] [--min-ttl N] [--header] [--json]` */
export const token: Helper = {
  run({ args }, ports) {
    const { name, target, minTtl, flags } = options(args, { header: 'flag', json: 'flag' })
    const print = (credential: Credential): HelperAnswer => {
      if (flags.has('json')) return { stdout: jsonLine(describe(credential, ports.now())) }
      const text = flags.has('header') ? `Authorization: ${authorization(credential)}` : credential.value.reveal()
      return { stdout: `${text}\n` }
    }
    return thenSync(ports.named(name, target, minTtl), print)
  },
}

export const header: Helper = {
  run: (request, ports) => token.run({ ...request, args: ['--header', ...request.args] }, ports),
}

/** `NAME-OR-URL`: of a static secret, or whatever a route says of a place. */
export const password: Helper = {
  async run({ args }, ports) {
    const { name } = options(args)
    if (name === undefined) throw new Failure('bad_request', 'a URL, or the name of a secret, is needed')
    const credential = await find(name, ports)
    return { stdout: `${credential.value.reveal()}\n` }
  },
}

async function find(name: string, ports: HelperPorts): Promise<Credential> {
  if (!/[/:]/.test(name)) return ports.named(name)
  const place = parseUrlPattern(name)
  const found = place === undefined ? undefined : await ports.at(place)
  if (found !== undefined) return found
  throw new Failure('not_found', `no route and no secret covers ${name}`, {
    hint: '`authsock route add` or `authsock secret add`',
  })
}

/** As `authsock token --json`. */
function describe(credential: Credential, now: number) {
  const { value, tokenType, expiresAt, from, scope, target } = credential
  return {
    ...(from.kind === 'profile' ? { profile: from.profile } : { secret: from.secret }),
    access_token: value.reveal(),
    token_type: from.kind === 'profile' ? (tokenType ?? schemeOf(tokenType)) : 'static',
    ...(expiresAt === undefined
      ? {}
      : { expires_at: unixTime(expiresAt), expires_in: Math.max(0, Math.floor((expiresAt - now) / 1000)) }),
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    ...(target?.resource === undefined ? {} : { resource: target.resource }),
    ...(target?.audience === undefined ? {} : { audience: target.audience }),
  }
}
