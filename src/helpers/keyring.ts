// The command line of Python's keyring, as pip, uv and others call it. What no route and no secret covers is for the real one.

import { parseArgs } from 'node:util'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { jsonLine, oneLine, usernameAt } from './format.ts'
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
    const named = parseUrlPattern(service)
    // A host alone comes after a URL that nothing covered, perhaps for its plain http: what is for https only is not for it.
    const place =
      named === undefined ? undefined : { scheme: 'keyring', ...named, ...(username === undefined ? {} : { username }) }
    const credential = place === undefined ? undefined : await ports.at(place)
    if (place === undefined || credential === undefined) return passOn
    const secret = credential.value.reveal()
    const name = usernameAt(credential, place)
    if (mode !== 'creds') return { stdout: output === 'json' ? jsonLine({ password: secret }) : `${oneLine(secret)}\n` }
    return {
      stdout: output === 'json' ? jsonLine({ username: name, password: secret }) : `${oneLine(name)}\n${oneLine(secret)}\n`,
    }
  },
}

/** A `get`, with its options in any position; undefined for whatever else keyring can be asked. */
function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true })
    const [operation, service, username, ...rest] = positionals
    if (operation !== 'get' || service === undefined || rest.length > 0 || values['keyring-backend'] !== undefined)
      return undefined
    // The empty user name stands for any.
    return { service, username: username === '' ? undefined : username, mode: values.mode, output: values.output }
  } catch {
    return undefined
  }
}
