// Claude Code. As apiKeyHelper it prints the raw credential. As an MCP server's headersHelper it prints headers as JSON; Claude Code
// then names the server in CLAUDE_CODE_MCP_SERVER_URL.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, options, rawValue } from './format.ts'
import type { Credential, Helper, HelperPorts } from './ports.ts'

export const claude: Helper = {
  async run({ args, env }, ports) {
    const { name, target, minTtl } = options(args)
    const server = env['CLAUDE_CODE_MCP_SERVER_URL']
    if (server === undefined) return { stdout: `${rawValue(await ports.named(name, target, minTtl))}\n` }
    const credential = name === undefined ? await routed(server, ports) : await ports.named(name, target, minTtl)
    return { stdout: jsonLine({ Authorization: authorization(credential) }) }
  },
}

async function routed(server: string, ports: HelperPorts): Promise<Credential> {
  const url = parseUrlPattern(server)
  const credential = url === undefined ? undefined : await ports.at(url)
  if (credential !== undefined) return credential
  throw new Failure('not_found', `no route covers ${server}`, { hint: `\`authsock route add ${server} --profile PROFILE\`` })
}
