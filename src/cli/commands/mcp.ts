// `authsock mcp URL`: a local MCP server that is a bridge to a remote one, for clients that start their servers.

import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'mcp <url>', 'run a bridge to a remote MCP server on stdin and stdout', bridge).addHelpText(
    'after',
    `
In the configuration of an MCP client:
  {"mcpServers": {"example": {"command": "authsock", "args": ["mcp", "https://mcp.example.com/mcp"]}}}

The first client that needs it logs in, in the browser; all others, and each later one, use the same login. To log in
beforehand: \`authsock login https://mcp.example.com/mcp\`.`,
  )
}

async function bridge(context: Context, text: string): Promise<void> {
  const url = URL.parse(text)
  if (url === null) throw new Failure('bad_request', `'${text}' is no URL`, { hint: 'for example https://mcp.example.com/mcp' })
  const [{ Bridge }, { McpCredential }, { Upstream }, { helperCaller }] = await Promise.all([
    import('../../mcp/bridge.ts'),
    import('../../mcp/credential.ts'),
    import('../../mcp/upstream.ts'),
    import('../../twin/helper-client.ts'),
  ])
  context.catchInterrupt()
  const { signal, env, paths } = context
  const say = (line: string): void => context.terminal.note(line)
  const helper = helperCaller(env)
  const credential = new McpCredential(url, {
    paths,
    env,
    agent: await context.agent(),
    helper,
    say,
    onUrl: (where) => running.loginAt(where),
    signal,
  })
  const write = (line: string): void => void process.stdout.write(`${line}\n`)
  const running = new Bridge({ upstream: new Upstream(url), credential, write, say, signal })
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, terminal: false })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop, { once: true })
  const pending = new Set<Promise<void>>()
  for await (const line of lines) {
    if (line.trim() === '') continue
    const one = running.receive(line).finally(() => pending.delete(one))
    pending.add(one)
  }
  await running.close()
  helper.close()
}
