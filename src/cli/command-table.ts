// Which file declares which command, in the order of `authsock help`. Only the file of the command that was typed is loaded.

import type { Register } from './leaf.ts'

export interface CommandRow {
  /** The words that come first on the command line. */
  readonly names: readonly string[]
  /** The heading in `authsock help`. */
  readonly group: string
  readonly load: () => Promise<{ readonly register: Register }>
}

const logins = 'Log in and get tokens:'
const programs = 'Give credentials to programs:'
const containers = 'Containers and remote hosts:'
const access = 'Access control:'
const agent = 'The agent and its vault:'

export const commandTable: readonly CommandRow[] = [
  { group: logins, names: ['login'], load: () => import('./commands/login.ts') },
  { group: logins, names: ['logout', 'revoke'], load: () => import('./commands/logout.ts') },
  { group: logins, names: ['retry'], load: () => import('./commands/retry.ts') },
  { group: logins, names: ['token'], load: () => import('./commands/token.ts') },
  { group: logins, names: ['status'], load: () => import('./commands/status.ts') },
  { group: logins, names: ['profile'], load: () => import('./commands/profile.ts') },
  { group: programs, names: ['setup'], load: () => import('./commands/setup.ts') },
  { group: programs, names: ['route'], load: () => import('./commands/route.ts') },
  { group: programs, names: ['secret', 'password'], load: () => import('./commands/secret.ts') },
  { group: programs, names: ['exec'], load: () => import('./commands/exec.ts') },
  { group: programs, names: ['serve'], load: () => import('./commands/serve.ts') },
  { group: programs, names: ['mcp'], load: () => import('./commands/mcp.ts') },
  { group: containers, names: ['share'], load: () => import('./commands/share.ts') },
  { group: containers, names: ['ssh'], load: () => import('./commands/ssh.ts') },
  { group: containers, names: ['relay'], load: () => import('./commands/relay.ts') },
  { group: access, names: ['rule'], load: () => import('./commands/rule.ts') },
  { group: access, names: ['approve'], load: () => import('./commands/approve.ts') },
  { group: access, names: ['audit'], load: () => import('./commands/audit.ts') },
  { group: agent, names: ['agent', 'start', 'stop'], load: () => import('./commands/agent.ts') },
  { group: agent, names: ['lock', 'unlock', 'vault'], load: () => import('./commands/vault.ts') },
  { group: agent, names: ['events'], load: () => import('./commands/events.ts') },
  { group: agent, names: ['install', 'uninstall'], load: () => import('./commands/install.ts') },
  { group: agent, names: ['upgrade'], load: () => import('./commands/upgrade.ts') },
  { group: agent, names: ['completion'], load: () => import('./commands/completion.ts') },
  { group: agent, names: ['doctor'], load: () => import('./commands/doctor.ts') },
]

/** Of the program itself. */
const ownNames: readonly string[] = ['help', 'version']
export const ownGroup = 'Help:'

export const commandNames: readonly string[] = [...commandTable.flatMap(({ names }) => names), ...ownNames]
