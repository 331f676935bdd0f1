// `authsock doctor`: checks what a login or a tool depends on, and says what to do about each problem.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Command } from 'commander'
import type { AgentStatus, SessionStatus } from '../../client/index.ts'
import { asFailure, Failure, type FailureCode } from '../../core/failures.ts'
import { isInteractive } from '../../core/grant.ts'
import { defined } from '../../core/util/defined.ts'
import { helpers } from '../../wire/helper-table.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { sharedLoginHint, sharedLoginNote, sharingLogin } from '../profiles.ts'
import { findPrograms } from '../setup/programs.ts'
import { vaultProblems, vaultStates } from './status-lines.ts'

interface Finding {
  readonly level: 'ok' | 'note' | 'problem'
  readonly text: string
  readonly hint?: string
  /** Of a problem. */
  readonly code?: FailureCode
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'doctor', 'check the installation', doctor)
}

async function doctor(context: Context): Promise<void> {
  const all = [await checkConfig(context), ...(await checkAgent(context)), ...checkPrograms(context)]
  // The agent reports an invalid config.toml as well.
  const findings = all.filter(({ text }, index) => all.findIndex((each) => text.startsWith(each.text)) === index)
  if (context.asJson) context.terminal.json({ findings })
  else for (const finding of findings) show(context, finding)
  // The first problem often causes the others.
  const code = findings.find(({ level }) => level === 'problem')?.code
  if (code !== undefined) throw new Failure(code, 'problems found', { hint: 'see the hints above' })
}

const problem = ({ message, hint, code }: Failure): Finding => ({ level: 'problem', text: message, hint, code })

async function checkConfig(context: Context): Promise<Finding> {
  const { configFile } = context.paths
  try {
    const { size } = (await context.config()).profiles
    return size === 0
      ? { level: 'note', text: `no profiles in ${configFile}`, hint: '`authsock login https://ISSUER --client-id ID`' }
      : { level: 'ok', text: `${size} ${size === 1 ? 'profile' : 'profiles'} in ${configFile}` }
  } catch (error) {
    return problem(asFailure(error))
  }
}

async function checkAgent(context: Context): Promise<readonly Finding[]> {
  try {
    const { agent, vault, sessions, warnings } = await (await context.agent()).status()
    return [
      { level: 'ok', text: `agent running (version ${agent.version}) at ${agent.socket}` },
      checkVault(context.paths.vaultDirectory, vault),
      ...sessions.flatMap(checkSession),
      ...checkSharedLogins(sessions),
      ...warnings.map((text): Finding => ({ level: 'note', text })),
    ]
  } catch (error) {
    return [problem(asFailure(error))]
  }
}

function checkVault(directory: string, { state, detail, hint }: AgentStatus['vault']): Finding {
  const text = `vault ${vaultStates[state] ?? state}: ${directory}`
  if (state === 'open') return { level: 'ok', text }
  if (state === 'new') return { level: 'ok', text: `${text} (the first login creates it)` }
  return {
    level: 'problem',
    text: detail === undefined ? text : `${text}: ${detail}`,
    code: vaultProblems[state] ?? 'vault_locked',
    ...defined({ hint }),
  }
}

function checkSession({ profile, state, reason, hint }: AgentStatus['sessions'][number]): readonly Finding[] {
  if (state === 'active' || state === 'refreshing' || state === 'logged_out' || state === 'locked') return []
  const text = `session '${profile}': ${state.replace('_', ' ')}${reason === undefined ? '' : `: ${reason}`}`
  return [{ level: 'note', text, ...defined({ hint }) }]
}

/** One finding for each client and user (L14). */
function checkSharedLogins(sessions: readonly SessionStatus[]): readonly Finding[] {
  const live = sessions.filter(({ logged_in_at: at, grant }) => at !== undefined && isInteractive(grant))
  return live.flatMap((session, index) => {
    const others = sharingLogin(session, live)
    // Said at the first of them.
    if (others.length === 0 || live.slice(0, index).some(({ profile }) => others.includes(profile))) return []
    const names = [session.profile, ...others].map((name) => `'${name}'`).join(', ')
    return [{ level: 'note', text: `${names} use the same client and user: ${sharedLoginNote}`, hint: sharedLoginHint }]
  })
}

/** The thin client, and whether tools find it under the names that they search for on the PATH. */
function checkPrograms({ env }: Context): readonly Finding[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const folder = findPrograms(env, env['HOME'] ?? homedir())
  if (folder === undefined) {
    return [{ level: 'note', text: 'credential helpers not installed', hint: '`authsock setup TOOL` installs them' }]
  }
  const names = process.platform === 'win32' ? ['authsock-client.exe', 'authsock-client.cmd'] : ['authsock-client']
  const client = names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? folder
  const missing = helpers
    .flatMap(({ programs }) => programs)
    .filter((name) => name.startsWith('docker-') && !folders.some((each) => existsSync(join(each, name))))
  return [
    isNative(client)
      ? { level: 'ok', text: `native thin client (${statSync(client).size} bytes): ${client}` }
      : {
          level: 'note',
          text: `thin client in TypeScript (about 50 ms a call): ${client}`,
          hint: '`npm run build` with a C compiler (cc, musl-gcc or zig) makes the native one',
        },
    ...missing.map((name): Finding => ({
      level: 'note',
      text: `${name} is not on the PATH, so docker cannot find it`,
      hint: '`authsock setup docker` links it',
    })),
  ]
}

/** A script starts with its interpreter. */
const isNative = (path: string): boolean => readFileSync(path).subarray(0, 2).toString('latin1') !== '#!'

function show({ terminal }: Context, { level, text, hint }: Finding): void {
  const { good, warn, bad } = terminal.style
  const mark = { ok: good('ok     '), note: warn('note   '), problem: bad('problem') }[level]
  terminal.printWrapped(`${mark}  ${text}`, 9)
  if (hint !== undefined && hint !== '') terminal.printWrapped(`         hint: ${hint}`, 15)
}
