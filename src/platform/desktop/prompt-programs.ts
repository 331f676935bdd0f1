// The programs that can put a question to the user, one each: how it is put, so that nothing in it is markup or a command, and
// how the answer is read. Where there is a button that Enter or Space presses, it says no: somebody types as a question appears.

import type { ApprovalReply } from '../../core/access/approval.ts'

export interface PromptQuestion {
  /** One sentence. */
  readonly text: string
  /** Lines that say more. */
  readonly details: readonly string[]
}

export interface PromptProgram {
  readonly name: string
  readonly args: (question: PromptQuestion) => readonly string[]
  /** For its stdin. */
  readonly input?: (question: PromptQuestion) => string
  /** Undefined: it could not ask. */
  readonly reply: (code: number, said: string, complaint: string) => ApprovalReply | undefined
}

/** In the order in which they are tried. */
export function ofDesktop(platform: NodeJS.Platform): readonly PromptProgram[] {
  if (platform === 'darwin') return [osascript]
  if (platform === 'win32') return [powershell]
  return [zenity, kdialog, ...pinentries]
}

const hours = 8
const title = 'authsock'
const choices = { once: 'Allow', longer: `Allow for ${hours} hours`, always: 'Always', no: 'Deny' } as const

const yes: ApprovalReply = { decision: 'allow' }
const no: ApprovalReply = { decision: 'deny' }

const chosen = (said: string): ApprovalReply | undefined =>
  said === choices.once
    ? yes
    : said === choices.longer
      ? { ...yes, remember: hours * 3600 }
      : said === choices.always
        ? { ...yes, remember: 'always' }
        : said === choices.no
          ? no
          : undefined

const whole = ({ text, details }: PromptQuestion): string => [text, ...(details.length === 0 ? [] : ['', ...details])].join('\n')

const zenity: PromptProgram = {
  name: 'zenity',
  args: (question) => [
    '--question',
    `--title=${title}`,
    '--no-markup',
    '--default-cancel',
    '--width=480',
    '--icon-name=dialog-password',
    // Some versions read escapes.
    `--text=${whole(question).replaceAll('\\', '\ufffd')}`,
    `--ok-label=${choices.once}`,
    `--cancel-label=${choices.no}`,
    `--extra-button=${choices.longer}`,
    `--extra-button=${choices.always}`,
  ],
  // GTK ends with 1 where there is no display, as zenity does for a no.
  reply: (code, said, complaint) =>
    code === 0 ? yes : code !== 1 || /open display/i.test(complaint) ? undefined : (chosen(said) ?? no),
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>')

/** A list, because a question has three buttons at most, and yes is what Enter would press. */
const kdialog: PromptProgram = {
  name: 'kdialog',
  args: (question) => [
    '--title',
    title,
    '--default',
    choices.no,
    '--menu',
    // It guesses what is rich text: so it is said.
    `<qt>${escapeHtml(whole(question))}</qt>`,
    ...[choices.no, choices.once, choices.longer, choices.always].flatMap((each) => [each, each]),
  ],
  reply: (code, said) => (code === 0 ? chosen(said) : code === 1 ? no : undefined),
}

/** Assuan: a line each, %-escaped, of 1000 bytes at most. */
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
    `SETDESC ${assuan(whole(question))}`,
    `SETOK ${choices.once}`,
    `SETCANCEL ${choices.no}`,
    'CONFIRM',
  ]
  return {
    name,
    args: () => [],
    input: (question) => `${[...commands(question), 'BYE'].join('\n')}\n`,
    reply: (_, said) => {
      const answers = said.split('\n').filter((line) => /^(OK|ERR)\b/.test(line))
      // After its greeting, one for each command.
      const answer = answers[commands({ text: '', details: [] }).length] ?? ''
      if (/^OK\b/.test(answer)) return yes
      // GPG_ERR_CANCELED, GPG_ERR_NOT_CONFIRMED; all else is that it could not ask.
      return [99, 114].includes(Number(/^ERR (\d+)/.exec(answer)?.[1] ?? 0) & 0xffff) ? no : undefined
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
    whole(question),
  ],
  reply: (code, said) => (code === 0 ? chosen(said) : undefined),
}

/** The question comes in its environment: an argument would be read as a command. */
const powershell: PromptProgram = {
  name: 'powershell.exe',
  args: () => [
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    "Add-Type -AssemblyName System.Windows.Forms; $a = [System.Windows.Forms.MessageBox]::Show($env:AUTHSOCK_QUESTION, 'authsock', 'YesNo', 'Warning', 'Button2'); if ($a -ne 'Yes') { exit 1 }",
  ],
  reply: (code) => (code === 0 ? yes : no),
}

/**
 * A command of the user's says `allow` or `deny`, and then perhaps for how long: seconds, `session` or `always`; or nothing, and
 * then its exit code is the answer: 0 is a yes.
 */
export const byCommand = ([name = '', ...args]: readonly string[]): PromptProgram => ({
  name,
  args: ({ text }) => [...args, text],
  reply: (code, said) => {
    const [first = '', second] = (said.split('\n')[0] ?? '').trim().split(/\s+/)
    const isAlone = first === 'session' || first === 'always'
    const [word, span] = isAlone ? ['allow', first] : [first, second]
    const decision = word === 'deny' || code !== 0 ? 'deny' : 'allow'
    const seconds = Number(span)
    if (word !== decision) return { decision }
    if (span === 'session' || span === 'always') return { decision, remember: span }
    return Number.isSafeInteger(seconds) && seconds > 0 ? { decision, remember: seconds } : { decision }
  },
})
