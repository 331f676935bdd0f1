// Part 1: one cached token by a whole process, from its start to its end.

import { join } from 'node:path'
import { findProgram } from '../test/support/real-part.ts'
import { authsock, type Ground } from './ground.ts'
import { digits, ratios, shown, spread, times } from './numbers.ts'
import { startOidcAgent } from './oidc-agent.ts'
import { atMost, type Part } from './report.ts'
import { type Command, dist } from './tools.ts'

const target = '/v1/token?profile=work'

export async function oneToken({ tools, home, server, token }: Ground, isQuick: boolean): Promise<Part> {
  const floor = await tools.startFloor(token)
  const { socket: bare } = await tools.startBare(token)
  const least = token.length
  const once = tools.program('once')
  const curl = findProgram('curl')
  const oidc = await startOidcAgent(tools, server)
  const floorName = 'the floor: a C client, a C server'
  const thinName = 'thin client'
  const peerName = 'oidc-token (oidc-agent)'
  const thin: Command = { line: [join(dist, 'bin/authsock-client'), 'token', 'work'], least }
  const bySystem = await tools.compileBySystem()
  const light = {
    [floorName]: { line: [once, floor, target], least },
    ...(bySystem === undefined ? {} : { 'the same, as `cc -static` links it': { line: [bySystem, floor, target], least } }),
    'the same C client, the agent': { line: [once, home.socket, target], least },
    'the same C client, a bare node:http server': { line: [once, bare, target], least },
    [thinName]: thin,
    ...(oidc === undefined ? {} : { [peerName]: { line: oidc.line } }),
  } satisfies Record<string, Command>
  const byCurl = ['-s', '-H', 'Accept: text/plain', '--unix-socket', home.socket, `http://authsock${target}`]
  const heavy = {
    [thinName]: thin,
    ...(curl === undefined ? {} : { 'curl --unix-socket': { line: [curl, ...byCurl], least } }),
    'TypeScript client': { line: [process.execPath, authsock, 'token', 'work'], least },
  } satisfies Record<string, Command>
  const env = { ...home.env, ...oidc?.env, HOME: home.path }
  const measure = async () => {
    const first = await tools.rounds(isQuick ? 5 : 1000, light, env)
    return { first, second: await tools.rounds(isQuick ? 5 : 150, heavy, env) }
  }
  const { first, second } = await measure().finally(() => oidc?.stop())
  const ms = (name: string): readonly number[] => first.get(name) ?? []
  const peer = ms(peerName)
  const faster = peer.length === 0 ? undefined : ratios(peer, ms(thinName))
  const rows = (found: ReadonlyMap<string, readonly number[]>, by: string): readonly string[][] =>
    [...found].map(([name, all]) => [name, shown(spread(all)), times(ratios(all, found.get(by) ?? []))])
  return {
    title: 'One cached token by a whole process',
    about: [
      'From before posix_spawn to after waitpid, by a small C program that starts each in turn, every round in another order. Each run must end with 0 and print a token. The C client is linked with musl, as the thin client is. oidc-token has a real login at the same server, and its token in the memory of its agent. What takes milliseconds to start is measured in rounds of its own, beside the thin client: whoever comes after it finds cold caches.',
    ],
    tables: [
      {
        head: ['', 'ms', 'by the floor'],
        rows: rows(first, floorName),
      },
      {
        head: ['', 'ms', 'by the thin client'],
        rows: rows(second, thinName),
      },
    ],
    targets: [
      atMost('one token: the thin client, by the floor', 1.5, ratios(ms(thinName), ms(floorName))),
      ...(faster === undefined
        ? []
        : [
            {
              what: 'one token: oidc-token, by the thin client',
              target: '>= 2.8 x',
              measured: `${digits(faster.median)} x (${digits(faster.low)} to ${digits(faster.high)})`,
              isMet: faster.median >= 2.8,
            },
          ]),
    ],
    missing: [...(curl === undefined ? ['curl'] : []), ...(oidc === undefined ? ['oidc-agent'] : [])],
  }
}
