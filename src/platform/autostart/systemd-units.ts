// The units of installers/systemd, with the command and the variables of one user in them.

import { readFileSync } from 'node:fs'
import type { AgentLaunch } from './autostart.ts'

// The bundler puts the text in place of each call (scripts/bundle.ts).
const socketTemplate = readFileSync(new URL('../../../installers/systemd/authsock.socket', import.meta.url), 'utf8')
const serviceTemplate = readFileSync(new URL('../../../installers/systemd/authsock.service', import.meta.url), 'utf8')

/** `socket`: undefined for that of the template, %t/authsock/agent.sock. */
export const socketUnit = (socket: string | undefined): string =>
  socket === undefined ? socketTemplate : withLine(socketTemplate, 'ListenStream', escapeSpecifiers(socket))

export function serviceUnit({ command: [program = '', ...args], env }: Pick<AgentLaunch, 'command' | 'env'>): string {
  const variables = Object.entries(env).map(([name, value]) => `Environment=${quote(`${name}=${value}`)}\n`)
  return withLine(serviceTemplate, 'ExecStart', [quoteWord(program), ...args.map(quoteArgument)].join(' ')).replace(
    /^ExecStart=.*\n/m,
    (line) => `${line}${variables.join('')}`,
  )
}

/** The program that a unit starts. */
export const startedBy = (unit: string): string | undefined => /^ExecStart=[-@:+!]*"?([^\s"]+)/m.exec(unit)?.[1]

function withLine(unit: string, key: string, value: string): string {
  const line = new RegExp(`^${key}=.*$`, 'm')
  if (!line.test(unit)) throw new Error(`the unit has no ${key}`)
  return unit.replace(line, () => `${key}=${value}`)
}

/** systemd.unit(5). */
const escapeSpecifiers = (text: string): string => text.replaceAll('%', '%%')

/** systemd.syntax(7): a word that ends at no space. */
const quote = (text: string): string => `"${escapeSpecifiers(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

const quoteWord = (text: string): string => (/^[\w@:,./+=-]+$/.test(text) ? text : quote(text))

/** systemd.service(5): variables are replaced in arguments, but not in the path of the program. */
const quoteArgument = (text: string): string => quoteWord(text.replaceAll('$', '$$$$'))
