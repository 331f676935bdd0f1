// `authsock doctor`: looks at everything that a login or a tool depends on, and says what to do about what is not right.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { asFailure, Failure, type FailureCode } from '../../core/failures.ts'
import { paths } from '../../client/local.ts'
import type { AgentStatus } from '../../client/index.ts'
import { helpers } from '../../wire/helper-table.ts'
import type { Context } from '../context.ts'
import { findPrograms } from '../setup/programs.ts'

interface Finding {
  readonly level: 'ok' | 'note' | 'problem'
  readonly text: string
  readonly hint?: string
  /** Of a problem. */
  readonly code?: FailureCode
}

const problem = ({ message, hint, code }: Failure): Finding => ({ level: 'problem', text: message, hint, code })

export async function doctor(context: Context): Promise<void> {
  const all: Finding[] = [configuration(context, await config(context)), ...(await agent(context)), ...programs(context)]
  // The agent warns of a mistake in config.toml too.
  const findings = all.filter(({ text }, index) => all.findIndex((each) => text.startsWith(each.text)) === index)
  if (context.asJson) context.terminal.json({ findings })
  else for (const finding of findings) show(context, finding)
  // The first is what stands in the way of the others.
  const code = findings.find(({ level }) => level === 'problem')?.code
  if (code !== undefined) throw new Failure(code, 'not everything is as it should be', { hint: 'see above' })
}

const config = async (context: Context): Promise<Failure | number> => {
  const { readConfigFile } = await import('../config-file.ts')
  return readConfigFile(paths(context.env).configFile).then(
    ({ profiles }) => profiles.size,
    (error: unknown) => asFailure(error),
  )
}

function configuration({ env }: Context, read: Failure | number): Finding {
  const { configFile } = paths(env)
  if (read instanceof Failure) return problem(read)
  if (read === 0)
    return { level: 'note', text: `${configFile} has no profiles yet`, hint: '`authsock login https://ISSUER --client-id ID`' }
  return { level: 'ok', text: `${configFile}: ${read} ${read === 1 ? 'profile' : 'profiles'}` }
}

async function agent(context: Context): Promise<readonly Finding[]> {
  try {
    const status = await (await context.agent()).status()
    const { agent, vault, sessions, warnings } = status
    const directory = paths(context.env).vaultDirectory
    const shut: Finding = {
      level: 'problem',
      text: `the vault at ${directory} is ${vault.state}${vault.detail === undefined ? '' : `: ${vault.detail}`}`,
      ...hinted(vault.hint),
      code: shutVault[vault.state] ?? 'vault_locked',
    }
    return [
      { level: 'ok', text: `the agent (version ${agent.version}) answers at ${agent.socket}` },
      vault.state === 'open' || vault.state === 'new'
        ? { level: 'ok', text: `the vault at ${directory} is ${vaultTexts[vault.state]}` }
        : shut,
      ...sessions.flatMap(session),
      ...warnings.map((text): Finding => ({ level: 'note', text })),
    ]
  } catch (error) {
    return [problem(asFailure(error))]
  }
}

const vaultTexts = { open: 'open', new: 'not made yet: the first login makes it' } as const

const shutVault: Readonly<Record<string, FailureCode>> = {
  locked: 'vault_locked',
  absent: 'keychain_absent',
  unreachable: 'keychain_unreachable',
}

function session({ profile, state, reason, hint }: AgentStatus['sessions'][number]): readonly Finding[] {
  if (state === 'active' || state === 'refreshing' || state === 'logged_out' || state === 'locked') return []
  return [
    {
      level: 'note',
      text: `${profile}: ${state.replace('_', ' ')}${reason === undefined ? '' : `: ${reason}`}`,
      ...hinted(hint),
    },
  ]
}

const hinted = (hint: string | undefined) => (hint === undefined ? {} : { hint })

/** The thin client, and whether tools find it under the names that they look for on the PATH. */
function programs({ env }: Context): readonly Finding[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const folder = findPrograms(env, env['HOME'] ?? homedir())
  if (folder === undefined) {
    return [
      {
        level: 'note',
        text: 'the programs that tools start are not installed',
        hint: '`authsock setup` does it with the first tool',
      },
    ]
  }
  const windows = ['authsock-client.exe', 'authsock-client.cmd']
  const names = process.platform === 'win32' ? windows : ['authsock-client']
  const client = names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? folder
  const missing = helpers
    .flatMap(({ programs }) => programs)
    .filter((name) => name.startsWith('docker-') && !folders.some((folder) => existsSync(join(folder, name))))
  return [
    isNative(client)
      ? { level: 'ok', text: `${client} is native (${statSync(client).size} bytes)` }
      : {
          level: 'note',
          text: `${client} is the one in TypeScript, which takes some 50 ms a call`,
          hint: 'with a C compiler (cc, musl-gcc or zig) `npm run build` makes the native one',
        },
    ...missing.map((name): Finding => ({
      level: 'note',
      text: `${name} is not on the PATH, where its tool looks for it`,
      hint: '`authsock setup docker` links it',
    })),
  ]
}

/** A script begins with its interpreter. */
const isNative = (path: string): boolean => readFileSync(path).subarray(0, 2).toString('latin1') !== '#!'

function show({ terminal }: Context, { level, text, hint }: Finding): void {
  const { good, warn, bad } = terminal.style
  const mark = { ok: good('ok     '), note: warn('note   '), problem: bad('problem') }[level]
  terminal.print(`${mark}  ${text}`)
  if (hint !== undefined && hint !== '') terminal.print(`         hint: ${hint}`)
}
