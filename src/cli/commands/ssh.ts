// `authsock ssh`: a share on a remote host, by ssh's own forwarding of sockets. relay.ts is for connections without that.

import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type { ShareStatus } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'
import { runChild } from '../exec/child.ts'
import type { MakeLeaf } from '../leaf.ts'

interface SshOptions {
  readonly share: string
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'ssh', 'run ssh and forward a share to the remote host', ssh)
    .usage('--share <name> -- [ssh options] [user@]host [command]')
    .requiredOption('--share <name>', 'the share (`authsock share create` creates one)')
    .addHelpText(
      'after',
      `
Example:
  authsock share create remote --profile work --scope read --ttl 2h
  authsock ssh --share remote -- ada@build.example.com

On the remote host AUTHSOCK is set; the thin client or curl is all that is needed there. root on that host can use the
share as long as you are connected: give it a short lifetime and few scopes.`,
    )
}

async function ssh(context: Context, { share: name }: SshOptions): Promise<void> {
  const [...args] = context.command
  if (args.length === 0) throw missingHost()
  const share = await (await context.agent()).share(name)
  const { options, host, command } = splitSsh(args)
  const remote = remotePath(share)
  const forward = ['-o', 'ExitOnForwardFailure=yes', '-R', `${remote}:${share.socket}`]
  // A terminal, as ssh itself would allocate one without a command.
  const terminal = command.length === 0 && context.terminal.isInteractive ? ['-t'] : []
  let messages = ''
  context.exitCode = await runChild(
    'ssh',
    [...forward, ...terminal, ...options, host, remoteScript(remote, command)],
    context.env,
    context,
    (text) => (messages = `${messages}${text}`.slice(-4096)),
  )
  if (context.exitCode === sshFailure && forwardingFailed.test(messages)) throw noForwarding(name, options, host)
}

/** Exit code of ssh(1) for an error of its own, as opposed to the command's. */
const sshFailure = 255
const forwardingFailed = /forwarding (request )?failed|forwarding is disabled/i

const missingHost = (): Failure =>
  new Failure('bad_request', 'ssh needs a host', { hint: '`authsock ssh --share NAME -- user@host`' })

const noForwarding = (share: string, options: readonly string[], host: string): Failure =>
  new Failure('bad_request', `sshd at ${host} does not allow forwarding (AllowStreamLocalForwarding, AllowTcpForwarding)`, {
    hint: `\`authsock relay ${share} -- ssh ${[...options, host].join(' ')} authsock-client relay\` needs no forwarding; run it beside ssh`,
  })

/** A new name each time: sshd does not remove the sockets of earlier connections. */
const remotePath = ({ name, expires_at: end }: ShareStatus): string =>
  `/tmp/authsock-${name}-${end}-${randomBytes(6).toString('hex')}.sock`

/** Runs on the remote host: sets AUTHSOCK, removes sockets of expired shares now and this one at the end. */
function remoteScript(socket: string, command: readonly string[]): string {
  const sweep =
    'for f in /tmp/authsock-*-*-*.sock; do e=${f%-*}; e=${e##*-}; if [ -O "$f" ] && [ "$e" -lt "$(date +%s)" ] 2>/dev/null; then rm -f "$f"; fi; done'
  const run = command.length === 0 ? '"${SHELL:-/bin/sh}" -l' : `/bin/sh -c ${quoted(command.join(' '))}`
  const script = `export AUTHSOCK=${socket}; trap 'rm -f ${socket}' EXIT; trap 'exit 129' HUP; trap 'exit 143' TERM; ${sweep}; ${run}`
  return `exec /bin/sh -c ${quoted(script)}`
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Options of ssh(1) that take a value. */
const withValue = /^-[BbcDEeFIiJLlmOoPpQRSWw]$/

function splitSsh(args: readonly string[]) {
  let at = 0
  while (at < args.length && args[at]?.startsWith('-') === true) at += withValue.test(args[at] ?? '') ? 2 : 1
  const host = args[at]
  if (host === undefined) throw missingHost()
  return { options: args.slice(0, at), host, command: args.slice(at + 1) }
}
