// Asking the user on the desktop: by the command that config.toml names, or by what the desktop has. The question is an argument
// and never passes a shell; what the program prints, and how it ends, is the answer.

import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { ApprovalReply } from '../core/approval.ts'

const hours = 8

type Ask = (text: string) => readonly string[]

const title = 'authsock'
const [once, longer, no] = ['Allow', `Allow for ${hours} hours`, 'Deny']

const zenity: Ask = (text) => [
  'zenity',
  '--question',
  `--title=${title}`,
  '--no-markup',
  `--text=${text}`,
  `--ok-label=${once}`,
  `--cancel-label=${no}`,
  `--extra-button=${longer}`,
]
const kdialog: Ask = (text) => [
  'kdialog',
  '--title',
  title,
  '--yes-label',
  once,
  '--no-label',
  longer,
  '--cancel-label',
  no,
  '--yesnocancel',
  text,
]
const osascript: Ask = (text) => [
  'osascript',
  '-e',
  `on run argv\ndisplay dialog (item 1 of argv) with title "${title}" buttons {"${no}", "${longer}", "${once}"} default button "${no}" with icon caution\nreturn button returned of result\nend run`,
  text,
]
/** The question comes in its environment: an argument would be read as a command. */
const powershell: Ask = () => [
  'powershell.exe',
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  "Add-Type -AssemblyName System.Windows.Forms; $a = [System.Windows.Forms.MessageBox]::Show($env:AUTHSOCK_QUESTION, 'authsock', 'YesNo', 'Warning', 'Button2'); if ($a -ne 'Yes') { exit 1 }",
]

/** Undefined where nobody can be asked in this way: then `authsock approve` is what is left. */
export async function askByCommand(
  command: readonly string[] | undefined,
  text: string,
  signal: AbortSignal,
): Promise<ApprovalReply | undefined> {
  const asked = command === undefined ? ofDesktop(process.env) : (question: string) => [...command, question]
  if (asked === undefined) return undefined
  const [program = '', ...args] = asked(text)
  const { code, said } = await run(program, args, text, signal)
  if (code === undefined) return undefined
  return replyOf(program, code, said.trim())
}

function ofDesktop(env: NodeJS.ProcessEnv): Ask | undefined {
  if (process.platform === 'darwin') return osascript
  if (process.platform === 'win32') return powershell
  if (env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined) return undefined
  if (isThere('zenity', env)) return zenity
  return isThere('kdialog', env) ? kdialog : undefined
}

/**
 * A command of the user's says `allow`, `allow 3600` (seconds), `session` or `deny` in its first line, or nothing, and then its
 * exit code is the answer: 0 is a yes.
 */
function replyOf(program: string, code: number, said: string): ApprovalReply {
  const yes = { decision: 'allow' } as const
  if (said === longer || (program === 'kdialog' && code === 1)) return { ...yes, remember: hours * 3600 }
  const [word = '', seconds] = said.split(/\s+/)
  if (word === 'session' && code === 0) return { ...yes, remember: 'session' }
  if (word === 'deny' || said === no || code !== 0) return { decision: 'deny' }
  const remember = Number(seconds)
  return Number.isSafeInteger(remember) && remember > 0 ? { ...yes, remember } : yes
}

function run(program: string, args: readonly string[], question: string, signal: AbortSignal) {
  return new Promise<{ readonly code: number | undefined; readonly said: string }>((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
      env: { ...process.env, AUTHSOCK_QUESTION: question },
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, 200)
    })
    child.on('error', () => resolve({ code: undefined, said }))
    child.on('close', (code) => resolve({ code: code ?? undefined, said }))
  })
}

function isThere(name: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
