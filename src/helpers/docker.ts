// docker-credential-helpers: `get|store|erase|list`. Everything, errors too, goes to stdout.

import { parseUrlPattern, type UrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { Failure } from '../core/failures.ts'
import { redact } from '../core/redacted.ts'
import { failureLine, jsonLine, parseJson, usernameAt } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

/** Clients compare it with this very text. */
const notFound: HelperAnswer = { stdout: 'credentials not found in native keychain\n', exit: 1 }

const hub = 'https://index.docker.io/v1/'
const isHub = ({ host }: UrlPattern): boolean => host === 'index.docker.io'

/**
 * What is listed the classic builder asks for, all of it, and sends to its daemon, wherever that runs. Registries are named without
 * a scheme; what has one (git's https:// ...) has been meant for something else.
 */
const isRegistry = (place: UrlPattern): boolean => place.scheme === undefined || isHub(place)
const keyOf = (place: UrlPattern): string => (isHub(place) ? hub : formatUrlPattern(place))

export const docker: Helper = {
  async run({ args, stdin }, ports) {
    switch (args.at(-1)) {
      case 'get':
        return get(stdin.trim(), ports)
      case 'store':
        await store(stdin, ports)
        return {}
      case 'erase': {
        const place = parseUrlPattern(stdin.trim())
        if (place !== undefined) await ports.forget(place)
        return {}
      }
      case 'list': {
        const registries = (await ports.places()).filter(({ place }) => isRegistry(place))
        const entries = registries.map(({ place, username }) => [keyOf(place), username])
        return { stdout: jsonLine(Object.fromEntries(entries)) }
      }
      default:
        throw new Failure('bad_request', `'${args.join(' ')}' is none of get, store, erase, list`)
    }
  },

  fail: (failure) => ({ stdout: `${failureLine(failure)}\n`, exit: 1 }),
}

async function get(key: string, ports: HelperPorts): Promise<HelperAnswer> {
  const place = parseUrlPattern(key)
  const credential = place === undefined ? undefined : await ports.at(place)
  if (place === undefined || credential === undefined) return notFound
  return { stdout: jsonLine({ ServerURL: key, Username: usernameAt(credential, place), Secret: credential.value.reveal() }) }
}

async function store(stdin: string, ports: HelperPorts): Promise<void> {
  const { ServerURL: url, Username: username, Secret: secret } = parseJson(stdin, 'what is to be stored')
  const place = typeof url === 'string' ? parseUrlPattern(url) : undefined
  if (place === undefined || typeof secret !== 'string' || secret === '') {
    throw new Failure('bad_request', 'ServerURL and Secret are needed')
  }
  await ports.keep({ ...place, ...(typeof username === 'string' && username !== '' ? { username } : {}) }, redact(secret))
}
