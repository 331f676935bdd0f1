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
  const commands = {
    'the floor: a C client, a C server': { line: [once, floor, target], least },
    'the same C client, the agent': { line: [once, home.socket, target], least },
    'the same C client, a bare node:http server': { line: [once, bare, target], least },
    'thin client': { line: [join(dist, 'bin/authsock-client'), 'token', 'work'], least },
    ...(curl === undefined
      ? {}
      : {
          'curl --unix-socket': {
            line: [curl, '-s', '-H', 'Accept: text/plain', '--unix-socket', home.socket, `http://authsock${target}`],
            least,
          },
        }),
    ...(oidc === undefined ? {} : { 'oidc-token (oidc-agent)': { line: oidc.line } }),
    'TypeScript client': { line: [process.execPath, authsock, 'token', 'work'], least },
  } satisfies Record<string, Command>
  const found = await tools
    .rounds(isQuick ? 5 : 300, commands, { ...home.env, ...oidc?.env, HOME: home.path })
    .finally(() => oidc?.stop())
  const ms = (name: string): readonly number[] => found.get(name) ?? []
  const names = Object.keys(commands)
  const [floorName = ''] = names
  const thinName = 'thin client'
  const peer = ms('oidc-token (oidc-agent)')
  const faster = peer.length === 0 ? undefined : ratios(peer, ms(thinName))
  return {
    title: 'One cached token by a whole process',
    about: [
      'From before posix_spawn to after waitpid, by a small C program that starts each in turn. Each run must end with 0 and print a token. oidc-token has a real login at the same server, and its token in the memory of its agent.',
    ],
    tables: [
      {
        head: ['', 'ms', 'by the floor'],
        rows: names.map((name) => [name, shown(spread(ms(name))), times(ratios(ms(name), ms(floorName)))]),
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
