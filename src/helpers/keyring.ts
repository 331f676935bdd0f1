// The command line of Python's keyring, as called by pip and uv. A service without a route or secret is passed on to the real keyring.

import { parseArgs } from 'node:util'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { defined } from '../core/util/defined.ts'
import { jsonLine, oneLine, rawValue, usernameAt } from './format.ts'
import type { Helper, HelperAnswer } from './ports.ts'

const passOn: HelperAnswer = { next: 'pass_on' }

const known = {
  mode: { type: 'string' },
  output: { type: 'string' },
  'keyring-path': { type: 'string', short: 'p' },
  'keyring-backend': { type: 'string', short: 'b' },
} as const

export const keyring: Helper = {
  async run({ args }, ports) {
    const call = parse(args)
    if (call === undefined) return passOn
    const { service, username, mode, output } = call
    const parsed = parseUrlPattern(service)
    // pip retries with the bare host after a URL that had no credential. That URL may have been plain http, so a bare host must not
    // match a route for https: the scheme 'keyring' matches only patterns without a scheme.
    const url =
      parsed === undefined ? undefined : defined({ scheme: 'keyring', ...parsed, username: username ?? parsed.username })
    const credential = url === undefined ? undefined : await ports.at(url)
    if (url === undefined || credential === undefined) return passOn
    const secret = rawValue(credential)
    const name = usernameAt(credential, url)
    if (mode !== 'creds') return { stdout: output === 'json' ? jsonLine({ password: secret }) : `${oneLine(secret)}\n` }
    return {
      stdout: output === 'json' ? jsonLine({ username: name, password: secret }) : `${oneLine(name)}\n${oneLine(secret)}\n`,
    }
  },
}

/** The arguments of a `get`, options in any position; undefined for every other use of keyring. */
function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true })
    const [operation, service, username, ...rest] = positionals
    if (operation !== 'get' || service === undefined || rest.length > 0 || values['keyring-backend'] !== undefined)
      return undefined
    // An empty user name means any.
    return { service, username: username === '' ? undefined : username, mode: values.mode, output: values.output }
  } catch {
    return undefined
  }
}
