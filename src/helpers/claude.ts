// Claude Code: apiKeyHelper wants the bare credential; an MCP server's headersHelper wants headers as JSON, and says in the
// environment for which server.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, options } from './format.ts'
import type { Credential, Helper, HelperPorts } from './ports.ts'

export const claude: Helper = {
  async run({ args, env }, ports) {
    const { name, target, minTtl } = options(args)
    const server = env['CLAUDE_CODE_MCP_SERVER_URL']
    if (server === undefined) return { stdout: `${(await ports.named(name, target, minTtl)).value.reveal()}\n` }
    const credential = name === undefined ? await routed(server, ports) : await ports.named(name, target, minTtl)
    return { stdout: jsonLine({ Authorization: authorization(credential) }) }
  },
}

async function routed(server: string, ports: HelperPorts): Promise<Credential> {
  const place = parseUrlPattern(server)
  const credential = place === undefined ? undefined : await ports.at(place)
  if (credential !== undefined) return credential
  throw new Failure('not_found', `no route covers ${server}`, { hint: `\`authsock route add ${server} --profile PROFILE\`` })
}
