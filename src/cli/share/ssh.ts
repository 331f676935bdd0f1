// A share over ssh, which forwards sockets by itself; relay.ts is for whatever does not.

import { randomBytes } from 'node:crypto'
import { Failure } from '../../core/failures.ts'
import type { ShareStatus } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { runChild } from '../exec/child.ts'

export interface SshOptions {
  readonly share: string
}

/** `authsock ssh --share NAME -- [ssh options] user@host [command...]` */
export async function ssh(context: Context, { share: name }: SshOptions): Promise<void> {
  const [...args] = context.command
  if (args.length === 0) throw new Failure('bad_request', 'to which host?', { hint: '`authsock ssh --share NAME -- user@host`' })
  const share = await (await context.agent()).share(name)
  const { options, host, command } = splitSsh(args)
  const remote = remotePath(share)
  const forward = ['-o', 'ExitOnForwardFailure=yes', '-R', `${remote}:${share.socket}`]
  // A terminal, where somebody sits at one and no command says otherwise.
  const terminal = command.length === 0 && context.terminal.isInteractive ? ['-t'] : []
  let said = ''
  context.exitCode = await runChild(
    'ssh',
    [...forward, ...terminal, ...options, host, remoteScript(remote, command)],
    context.env,
    context,
    (text) => (said = `${said}${text}`.slice(-4096)),
  )
  if (context.exitCode === ownFailure && forwardingFailed.test(said)) throw noForwarding(name, options, host)
}

/** Exit code of ssh(1) for what is its own and not the command's. */
const ownFailure = 255
const forwardingFailed = /forwarding (request )?failed|forwarding is disabled/i

const noForwarding = (share: string, options: readonly string[], host: string): Failure =>
  new Failure('bad_request', `the server at ${host} forwards no sockets (AllowStreamLocalForwarding, AllowTcpForwarding)`, {
    hint: `\`authsock relay ${share} -- ssh ${[...options, host].join(' ')} authsock-client relay\` works without, beside another ssh`,
  })

/** Of a name that nobody has used: what an earlier connection left behind (sshd removes nothing) is not in the way. */
const remotePath = ({ name, expires_at: end }: ShareStatus): string =>
  `/tmp/authsock-${name}-${end}-${randomBytes(6).toString('hex')}.sock`

/**
 * Runs there: says where the socket is, removes it at the end, and before that what earlier connections of shares that have ended
 * left behind.
 */
function remoteScript(socket: string, command: readonly string[]): string {
  const sweep =
    'for f in /tmp/authsock-*-*-*.sock; do e=${f%-*}; e=${e##*-}; if [ -O "$f" ] && [ "$e" -lt "$(date +%s)" ] 2>/dev/null; then rm -f "$f"; fi; done'
  const run = command.length === 0 ? '"${SHELL:-/bin/sh}" -l' : `/bin/sh -c ${quoted(command.join(' '))}`
  const script = `export AUTHSOCK=${socket}; trap 'rm -f ${socket}' EXIT; trap 'exit 129' HUP; trap 'exit 143' TERM; ${sweep}; ${run}`
  return `exec /bin/sh -c ${quoted(script)}`
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Options of ssh(1) that have a value of their own. */
const withValue = /^-[BbcDEeFIiJLlmOoPpQRSWw]$/

function splitSsh(args: readonly string[]) {
  let at = 0
  while (at < args.length && args[at]?.startsWith('-') === true) at += withValue.test(args[at] ?? '') ? 2 : 1
  const host = args[at]
  if (host === undefined) throw new Failure('bad_request', 'to which host?', { hint: '`authsock ssh --share NAME -- user@host`' })
  return { options: args.slice(0, at), host, command: args.slice(at + 1) }
}
