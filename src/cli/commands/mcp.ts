// `authsock mcp URL`: a local MCP server that is a bridge to a remote one, for clients that start their servers. `authsock mcp serve URL...`: the
// same for clients that speak HTTP.

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Failure } from '../../core/failures.ts'
import { newSecret } from '../../platform/loopback-secret.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { preparePrivateFolder } from '../../platform/fs/private-folder.ts'
import { readOwnFileSync } from '../../platform/fs/own-file.ts'
import { loopback } from '../../platform/loopback-http.ts'
import type { McpCredential } from '../../mcp/credential.ts'
import { parseInteger } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  const command = leaf(root, 'mcp [url]', 'run a bridge to a remote MCP server on stdin and stdout', bridge).addHelpText(
    'after',
    `
In the configuration of an MCP client (\`authsock setup cursor https://mcp.example.com/mcp\` writes it, for this and other clients):
  {"mcpServers": {"example": {"command": "authsock", "args": ["mcp", "https://mcp.example.com/mcp"]}}}

The first client that needs it logs in, in the browser; all others, and each later one, use the same login. To log in
beforehand: \`authsock login https://mcp.example.com/mcp\`.`,
  )
  leaf(command, 'serve <urls...>', 'serve remote MCP servers at addresses of this machine', serve)
    .option('--port <port>', 'listen on this port (default: any free port)')
    .addHelpText(
      'after',
      `
Example:
  authsock mcp serve https://mcp.example.com/mcp --port 8931

It prints an address for each server and runs until Ctrl-C. The address holds a secret, which stays the same: whoever knows it
and runs programs as you can use the server.`,
    )
}

async function bridge(context: Context, text: string | undefined): Promise<void> {
  const url = urlOf(text)
  const [{ Bridge }, { Upstream }] = await Promise.all([import('../../mcp/bridge.ts'), import('../../mcp/upstream.ts')])
  context.catchInterrupt()
  const { signal } = context
  const say = (line: string): void => context.terminal.note(line)
  const { credential, close } = await credentialFor(context, url)
  const write = (line: string): void => void process.stdout.write(`${line}\n`)
  const running = new Bridge({ upstream: new Upstream(url), credential, write, say, signal })
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, terminal: false })
  signal.addEventListener('abort', () => lines.close(), { once: true })
  for await (const line of lines) if (line.trim() !== '') void running.receive(line)
  await running.close()
  close()
}

async function serve(context: Context, texts: readonly string[], options: { readonly port?: string }): Promise<void> {
  const urls = texts.map(urlOf)
  const port = options.port === undefined ? 0 : parseInteger('--port', options.port, 'a port', { min: 1, max: 65_535 })
  const [{ Front }, { Upstream }] = await Promise.all([import('../../mcp/front.ts'), import('../../mcp/upstream.ts')])
  context.catchInterrupt()
  const { signal, terminal } = context
  const { stateDirectory } = context.paths
  preparePrivateFolder(stateDirectory)
  const secret = keptSecret(join(stateDirectory, 'mcp-secret'))
  const servers = await Promise.all(
    urls.map(async (url, index) => {
      const name = nameOf(url, urls.slice(0, index))
      const { credential, close } = await credentialFor(context, url)
      return { name, url, credential, close, upstream: new Upstream(url) }
    }),
  )
  const front = new Front({ servers, secret, say: (text) => terminal.note(text) })
  const own = await front.listen(port)
  try {
    const addresses = servers.map(({ name, url }) => ({ url: url.href, address: `http://${loopback}:${own}/${secret}/${name}` }))
    if (context.asJson) terminal.json({ servers: addresses })
    else {
      for (const { url, address } of addresses) terminal.print(`${url} ${address}`)
      terminal.note('serving until Ctrl-C')
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    front.close()
    for (const { close } of servers) close()
  }
}

function urlOf(text: string | undefined): URL {
  const url = text === undefined ? null : URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw new Failure(
    'bad_request',
    text === undefined ? 'the URL of an MCP server is missing' : `'${text}' is not the URL of an MCP server`,
    {
      hint: 'for example `authsock mcp https://mcp.example.com/mcp`',
    },
  )
}

async function credentialFor(
  context: Context,
  url: URL,
): Promise<{ readonly credential: McpCredential; readonly close: () => void }> {
  const [{ McpCredential }, { helperCaller }] = await Promise.all([
    import('../../mcp/credential.ts'),
    import('../../twin/helper-client.ts'),
  ])
  const { paths, env, signal, terminal } = context
  const helper = helperCaller(env)
  const agent = await context.agent()
  const say = (text: string): void => terminal.note(text)
  return { credential: new McpCredential(url, { paths, env, agent, helper, say, signal }), close: () => helper.close() }
}

/** `https://mcp.example.com/mcp` -> `mcp.example.com`, or `mcp.example.com-2` after another of that host. */
function nameOf(url: URL, before: readonly URL[]): string {
  const same = before.filter(({ host }) => host === url.host).length
  return same === 0 ? url.host : `${url.host}-${same + 1}`
}

/** The same each time, so that the addresses in clients' configurations stay valid. */
function keptSecret(path: string): string {
  const known = readOwnFileSync(path)?.toString().trim()
  if (known !== undefined && /^[\w-]{40,}$/.test(known)) return known
  const secret = newSecret()
  atomicWriteSync(path, `${secret}\n`, 0o600)
  return secret
}
