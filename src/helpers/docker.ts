// The docker-credential-helpers protocol: `get|store|erase|list`. All output, errors included, goes to stdout.

import { dockerHubHosts, dockerHubKey, isDockerHub } from '../core/credentials/docker-hub.ts'
import { parseUrlPattern, type UrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { Failure } from '../core/failures.ts'
import { redact } from '../core/redacted.ts'
import { jsonLine, parseJson, usernameAt, unknownOperation } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

/** Clients compare with exactly this text. */
const notFound: HelperAnswer = { stdout: 'credentials not found in native keychain\n', exit: 1 }

/**
 * The classic builder gets every listed credential and sends all of them to its daemon, which may be remote. Registries are named
 * without a scheme; a URL with one (git's https://...) is not a registry.
 */
const isRegistry = (url: UrlPattern): boolean => url.scheme === undefined || isDockerHub(url)
const keyOf = (url: UrlPattern): string => (isDockerHub(url) ? dockerHubKey : formatUrlPattern(url))

export const docker: Helper = {
  async run({ args, stdin }, ports) {
    switch (args.at(-1)) {
      case 'get':
        return get(stdin.trim(), ports)
      case 'store':
        await store(stdin, ports)
        return {}
      case 'erase': {
        for (const url of urlsOf(stdin.trim())) await ports.forget(url)
        return {}
      }
      case 'list': {
        const registries = (await ports.available()).filter(({ url }) => isRegistry(url))
        const entries = registries.map(({ url, username }) => [keyOf(url), username])
        return { stdout: jsonLine(Object.fromEntries(entries)) }
      }
      default:
        throw unknownOperation(args, 'get, store, erase or list')
    }
  },
}

/** The URL of a key, and for Docker Hub its other names: a route or secret may have any of them. */
function urlsOf(key: string): readonly UrlPattern[] {
  const url = parseUrlPattern(key)
  if (url === undefined) return []
  if (!isDockerHub(url)) return [url]
  const others = [dockerHubKey, ...dockerHubHosts].flatMap((name) => parseUrlPattern(name) ?? [])
  return [url, ...others.filter((other) => formatUrlPattern(other) !== formatUrlPattern(url))]
}

async function get(key: string, ports: HelperPorts): Promise<HelperAnswer> {
  for (const url of urlsOf(key)) {
    const credential = await ports.at(url)
    if (credential === undefined) continue
    return { stdout: jsonLine({ ServerURL: key, Username: usernameAt(credential, url), Secret: credential.value.reveal() }) }
  }
  return notFound
}

async function store(stdin: string, ports: HelperPorts): Promise<void> {
  const { ServerURL: server, Username: username, Secret: secret } = parseJson(stdin, 'the credential to store')
  const url = typeof server === 'string' ? parseUrlPattern(server) : undefined
  if (url === undefined || typeof secret !== 'string' || secret === '') {
    throw new Failure('bad_request', 'ServerURL or Secret is missing')
  }
  await ports.keep({ ...url, ...(typeof username === 'string' && username !== '' ? { username } : {}) }, redact(secret))
}
