// The programs that can ask the user, one entry each: how the question is passed, so that nothing in it is read as markup or a
// command, and how the answer is read. The default button denies: the user may be typing when the question appears.

import type { ApprovalReply } from '../../core/access/approval.ts'

export interface PromptQuestion {
  /** One sentence. */
  readonly text: string
  /** More lines, shown below. */
  readonly details: readonly string[]
}

export interface PromptProgram {
  readonly name: string
  readonly args: (question: PromptQuestion) => readonly string[]
  /** Written to its stdin. */
  readonly input?: (question: PromptQuestion) => string
  /** Undefined: the program could not ask. */
  readonly reply: (exitCode: number, stdout: string, stderr: string) => ApprovalReply | undefined
}

/** In the order in which they are tried. */
export function promptProgramsOf(platform: NodeJS.Platform): readonly PromptProgram[] {
  if (platform === 'darwin') return [osascript]
  if (platform === 'win32') return [powershell]
  return [zenity, kdialog, ...pinentries]
}

const hours = 8
const title = 'authsock'
const choices = { once: 'Allow', longer: `Allow for ${hours} hours`, always: 'Always', no: 'Deny' } as const

const allow: ApprovalReply = { decision: 'allow' }
const deny: ApprovalReply = { decision: 'deny' }

const replyOf = (choice: string): ApprovalReply | undefined =>
  choice === choices.once
    ? allow
    : choice === choices.longer
      ? { ...allow, remember: hours * 3600 }
      : choice === choices.always
        ? { ...allow, remember: 'always' }
        : choice === choices.no
          ? deny
          : undefined

const fullText = ({ text, details }: PromptQuestion): string =>
  [text, ...(details.length === 0 ? [] : ['', ...details])].join('\n')

const zenity: PromptProgram = {
  name: 'zenity',
  args: (question) => [
    '--question',
    `--title=${title}`,
    '--no-markup',
    '--default-cancel',
    '--width=480',
    '--icon-name=dialog-password',
    // Some versions interpret backslashes.
    `--text=${fullText(question).replaceAll('\\', '\ufffd')}`,
    `--ok-label=${choices.once}`,
    `--cancel-label=${choices.no}`,
    `--extra-button=${choices.longer}`,
    `--extra-button=${choices.always}`,
  ],
  // Exit code 1 is the cancel button, but GTK also exits with 1 if there is no display.
  reply: (exitCode, stdout, stderr) =>
    exitCode === 0 ? allow : exitCode !== 1 || /open display/i.test(stderr) ? undefined : (replyOf(stdout) ?? deny),
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>')

/** A list: its questions have max three buttons, and Enter would press the one that allows. */
const kdialog: PromptProgram = {
  name: 'kdialog',
  args: (question) => [
    '--title',
    title,
    '--default',
    choices.no,
    '--menu',
    // Explicit rich text, because kdialog otherwise guesses the format.
    `<qt>${escapeHtml(fullText(question))}</qt>`,
    ...[choices.no, choices.once, choices.longer, choices.always].flatMap((each) => [each, each]),
  ],
  reply: (exitCode, stdout) => (exitCode === 0 ? replyOf(stdout) : exitCode === 1 ? deny : undefined),
}

/** An argument of an Assuan command: %-escaped; a line has max 1000 bytes. */
function assuan(text: string): string {
  let line = ''
  for (const character of text) {
    const escaped = /[\p{Cc}%]/u.test(character)
      ? `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}`
      : character
    if (Buffer.byteLength(line + escaped) > 960) return `${line}\u2026`
    line += escaped
  }
  return line
}

const pinentry = (name: string): PromptProgram => {
  const commands = (question: PromptQuestion): readonly string[] => [
    'OPTION no-grab',
    `SETTITLE ${title}`,
    `SETDESC ${assuan(fullText(question))}`,
    `SETOK ${choices.once}`,
    `SETCANCEL ${choices.no}`,
    'CONFIRM',
  ]
  return {
    name,
    args: () => [],
    input: (question) => `${[...commands(question), 'BYE'].join('\n')}\n`,
    reply: (_, stdout) => {
      const answers = stdout.split('\n').filter((line) => /^(OK|ERR)\b/.test(line))
      // The greeting, then one answer for each command.
      const answer = answers[commands({ text: '', details: [] }).length] ?? ''
      if (/^OK\b/.test(answer)) return allow
      // GPG_ERR_CANCELED, GPG_ERR_NOT_CONFIRMED; with any other error it could not ask.
      return [99, 114].includes(Number(/^ERR (\d+)/.exec(answer)?.[1] ?? 0) & 0xffff) ? deny : undefined
    },
  }
}

const pinentries = ['pinentry-qt', 'pinentry-gtk-2', 'pinentry-gnome3', 'pinentry-x11', 'pinentry-fltk', 'pinentry'].map(pinentry)

const osascript: PromptProgram = {
  name: 'osascript',
  args: (question) => [
    '-e',
    `on run argv
set chosen to choose from list {"${choices.no}", "${choices.once}", "${choices.longer}", "${choices.always}"} with title "${title}" with prompt (item 1 of argv) default items {"${choices.no}"}
if chosen is false then return "${choices.no}"
return item 1 of chosen
end run`,
    fullText(question),
  ],
  reply: (exitCode, stdout) => (exitCode === 0 ? replyOf(stdout) : undefined),
}

/** The question is passed in its environment: an argument would be read as PowerShell code. */
const powershell: PromptProgram = {
  name: 'powershell.exe',
  args: () => [
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    "Add-Type -AssemblyName System.Windows.Forms; $a = [System.Windows.Forms.MessageBox]::Show($env:AUTHSOCK_QUESTION, 'authsock', 'YesNo', 'Warning', 'Button2'); if ($a -ne 'Yes') { exit 1 }",
  ],
  reply: (exitCode) => (exitCode === 0 ? allow : deny),
}

/**
 * The command that config.toml names. It prints `allow` or `deny`, optionally followed by a time (seconds, `session` or `always`).
 * If it prints nothing, exit code 0 allows and any other denies.
 */
export const byCommand = ([name = '', ...args]: readonly string[]): PromptProgram => ({
  name,
  args: ({ text }) => [...args, text],
  reply: (exitCode, stdout) => {
    const [first = '', second] = (stdout.split('\n')[0] ?? '').trim().split(/\s+/)
    const isAlone = first === 'session' || first === 'always'
    const [word, time] = isAlone ? ['allow', first] : [first, second]
    const decision = word === 'deny' || exitCode !== 0 ? 'deny' : 'allow'
    const seconds = Number(time)
    if (word !== decision) return { decision }
    if (time === 'session' || time === 'always') return { decision, remember: time }
    return Number.isSafeInteger(seconds) && seconds > 0 ? { decision, remember: seconds } : { decision }
  },
})
