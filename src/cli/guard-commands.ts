// The commands about who may have what, and who has had it.

import type { Command } from 'commander'
import type { MakeLeaf } from './main.ts'
import { collect } from './profile-options.ts'

export function addGuardCommands(root: Command, leaf: MakeLeaf): void {
  const audit = leaf(
    root,
    'audit',
    'who was given what, and who was refused',
    async () => (await import('./commands/audit.ts')).audit,
  )
    .option('--profile <name>', 'of this profile')
    .option('--caller <text>', "by programs with this in their file's name")
    .option('--container <id>', 'in this container, or none')
    .option('--share <name>', 'by this shared socket')
    .option('--event <event>', 'issued, refused, logged_in, logged_out, locked, unlocked')
    .option('--since <time>', 'a date, a time, or a span before now (8h, 3d)')
    .option('--until <time>', 'likewise')
    .option('--follow', 'go on with what happens')
  leaf(
    audit,
    'verify',
    'whether nobody has touched the log',
    async () => (await import('./commands/audit.ts')).auditVerify,
  ).option('--head <hash>', 'what it ended with when it was last looked at')

  const share = root.command('share').description('sockets for containers and remotes').exitOverride()
  leaf(share, 'create <name>', 'make one, or give it new bounds', async () => (await import('./share/share.ts')).shareCreate)
    .option('--profile <name>', 'whose tokens it gives; may be repeated (default: the only profile)', collect)
    .option('--scope <scopes>', 'the most that it gives', collect)
    .option('--all-scopes', 'in place of --scope: all that the profile has')
    .option('--resource <uri>', 'for this resource alone (RFC 8707)')
    .option('--audience <audience>', 'for this audience alone')
    .option('--any-target', 'for any resource and audience (default: those of the profile)')
    .option('--allow-wider-scope', 'the server may grant more than --scope')
    .option('--secret <name>', 'a static secret that it gives too; may be repeated', collect)
    .option('--ttl <span>', 'for how long: 30min, 8h (default), 7d')
    .option('--tcp [port]', 'a port of 127.0.0.1 too, where the socket does not cross (Docker Desktop, virtual machines)')
    .option('--no-tcp', 'no such port any more')
    .addHelpText(
      'after',
      `
Examples:
  authsock share create devbox --profile work --scope read --resource https://api.example.com
  docker run $(authsock share run-args devbox) --rm -it image

It answers requests for tokens, within its bounds, and nothing else. The folder is to be mounted, not the socket.`,
    )
  leaf(share, 'list', 'list them', async () => (await import('./share/share.ts')).shareList)
  leaf(share, 'show <name>', 'what one gives, and where it is', async () => (await import('./share/share.ts')).shareShow)
  leaf(share, 'remove <name>', 'remove one', async () => (await import('./share/share.ts')).shareRemove)
  leaf(
    share,
    'run-args <name>',
    'what a container has to be started with',
    async () => (await import('./share/share.ts')).shareRunArgs,
  )
    .option('--format <format>', 'docker (and podman; default), compose, devcontainer, kubernetes')
    .option('--client', 'mount the thin client too, so that the image needs nothing')
    .option('--tcp [host]', 'by its TCP port, on what the container calls this machine (default: host.docker.internal)')

  leaf(
    root,
    'revoke [profile]',
    'end a session at its server, or with --all everything',
    async () => (await import('./commands/revoke.ts')).revoke,
  ).option('--all', 'every session, and every share')
  leaf(root, 'ssh', 'ssh with a share at the other end', async () => (await import('./share/ssh.ts')).ssh)
    .usage('--share <name> -- [ssh options] [user@]host [command]')
    .requiredOption('--share <name>', 'which: `authsock share create` makes one')
    .addHelpText(
      'after',
      `
Example:
  authsock share create remote --profile work --scope read --ttl 2h
  authsock ssh --share remote -- ada@build.example.com

AUTHSOCK is set there, and the thin client (or curl) is all that is needed. Whoever is root there can use the share as
long as you are connected: make it short and narrow.`,
    )
  leaf(
    root,
    'relay <share>',
    'a share over the stdin and stdout of docker exec, kubectl exec, wsl.exe, ssh ...',
    async () => (await import('./share/relay.ts')).relay,
  )
    .usage('<share> [-- command...]')
    .addHelpText(
      'after',
      `
Examples:
  authsock relay devbox -- docker exec -i CONTAINER authsock-client relay
  authsock relay devbox -- kubectl exec -i POD -- authsock-client relay
  authsock relay devbox -- wsl.exe authsock-client relay
  authsock relay devbox -- ssh ada@build.example.com authsock-client relay /tmp/authsock-ada/agent.sock

The command is started here and ends in the thin client over there, which makes a socket where tools look for the agent
(or at the path that it is given) and carries any number of connections, until either end is ended. It is a pipe: no -t.

Without a command, stdin and stdout are one connection to the share, for whatever makes the socket itself.`,
    )

  leaf(
    root,
    'approve [id]',
    'what waits for your word, and your word',
    async () => (await import('./commands/approve.ts')).approve,
  )
    .option('--for <span>', 'that counts for so long: 30min, 8h')
    .option('--session', 'until the vault is locked or the agent stops')
    .option('--always', 'from now on: writes a rule into config.toml')
    .option('--deny', 'a no, which may be for a time or always, too')

  const rule = root.command('rule').description('who may have what').exitOverride()
  leaf(rule, 'list', 'the rules of config.toml, in their order', async () => (await import('./commands/rule.ts')).ruleList)
  leaf(rule, 'test <profile>', 'what a request would get, and why', async () => (await import('./commands/rule.ts')).ruleTest)
    .option('--scope <scopes>', 'that it asks for', collect)
    .option('--resource <uri>', 'that it is for')
    .option('--audience <audience>', 'that it is for')
    .option('--secret', 'the name is a static secret, not a profile')
    .option('--id-token', 'for the ID token of the profile')
    .option('--executable <path>', 'of the caller')
    .option('--container <id>', 'that the caller is in: none (default), any, or an id')
    .option('--share <name>', 'by which it comes')
    .option('--pid <pid>', 'as if this process asked')
  leaf(rule, 'add', 'add a rule to config.toml', async () => (await import('./commands/rule.ts')).ruleAdd)
    .requiredOption('--decision <decision>', 'allow, ask or deny')
    .option('--credential <kind>', 'access_token, id_token, cloud_role or secret (default: every kind)')
    .option('--profile <name>', 'the tokens of this profile')
    .option('--secret <name>', 'this static secret')
    .option('--scope <scopes>', 'where every scope that is asked for is among these', collect)
    .option('--allow-wider-scope', 'the server may grant more than --scope')
    .option('--resource <uri>', 'of the token, or none')
    .option('--audience <audience>', 'of the token, or none')
    .option('--executable <path>', 'of the caller; * stands for anything but /, ** for anything')
    .option('--container <id>', 'that the caller is in: an id, any, or none')
    .option('--share <name>', 'by which the request comes: a name, any, or none')
    .option('--lifetime <span>', 'for how long a yes counts at least, where the decision is ask')
    .option('--first', 'before all others (default: after them)')
    .option('--before <number>', 'before this one')
    .addHelpText(
      'after',
      `
The first rule that matches decides, and what no rule matches is allowed. What a rule does not name is free.

Example:
  authsock rule add --decision ask --profile prod --container any --lifetime 8h`,
    )
  leaf(rule, 'remove <number>', 'take a rule out of config.toml', async () => (await import('./commands/rule.ts')).ruleRemove)
}
