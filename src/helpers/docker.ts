// docker-credential-helpers: `get|store|erase|list`. Everything, errors too, goes to stdout.

import { parsePlace, placeText } from '../core/place.ts'
import { Failure } from '../core/failures.ts'
import { redact } from '../core/redacted.ts'
import { failureLine, jsonLine, parseJson, usernameAt } from './print.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

/** Clients compare it with this very text. */
const notFound: HelperAnswer = { stdout: 'credentials not found in native keychain\n', exit: 1 }

export const docker: Helper = {
  async run({ args, stdin }, ports) {
    switch (args.at(-1)) {
      case 'get':
        return get(stdin.trim(), ports)
      case 'store':
        await store(stdin, ports)
        return {}
      case 'erase': {
        const place = parsePlace(stdin.trim())
        if (place !== undefined) await ports.forget(place)
        return {}
      }
      case 'list': {
        const entries = (await ports.places()).map(({ place, username }) => [placeText(place), username])
        return { stdout: jsonLine(Object.fromEntries(entries)) }
      }
      default:
        throw new Failure('bad_request', `'${args.join(' ')}' is none of get, store, erase, list`)
    }
  },

  fail: (failure) => ({ stdout: `${failureLine(failure)}\n`, exit: 1 }),
}

async function get(key: string, ports: HelperPorts): Promise<HelperAnswer> {
  const place = parsePlace(key)
  const credential = place === undefined ? undefined : await ports.at(place)
  if (place === undefined || credential === undefined) return notFound
  return { stdout: jsonLine({ ServerURL: key, Username: usernameAt(credential, place), Secret: credential.value.reveal() }) }
}

async function store(stdin: string, ports: HelperPorts): Promise<void> {
  const { ServerURL: url, Username: username, Secret: secret } = parseJson(stdin, 'what is to be stored')
  const place = typeof url === 'string' ? parsePlace(url) : undefined
  if (place === undefined || typeof secret !== 'string' || secret === '') {
    throw new Failure('bad_request', 'ServerURL and Secret are needed')
  }
  await ports.keep({ ...place, ...(typeof username === 'string' && username !== '' ? { username } : {}) }, redact(secret))
}
