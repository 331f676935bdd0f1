// `authsock status` as a table to look at. Pure: what to show, how wide, which colours -> lines.

import type { AgentStatus, SessionState, SessionStatus } from '../wire/messages.ts'
import { ago, fromNow } from '../core/util/durations.ts'
import type { Style } from './terminal.ts'

interface Cell {
  readonly text: string
  readonly paint?: ((text: string) => string) | undefined
}

const states: Readonly<Record<SessionState, readonly [label: string, look: keyof Style]>> = {
  active: ['active', 'good'],
  refreshing: ['refreshing', 'good'],
  retrying: ['retrying', 'warn'],
  login_required: ['login required', 'bad'],
  login_pending: ['logging in', 'warn'],
  logged_out: ['logged out', 'dim'],
  damaged: ['damaged', 'bad'],
  locked: ['locked', 'warn'],
}

const headings = ['profile', 'state', 'who', 'expires', 'last refresh', 'next refresh']

/** `now` in seconds. */
export function statusLines(status: AgentStatus, now: number, width: number, style: Style): readonly string[] {
  const lines: string[] = []
  if (status.sessions.length === 0 && status.warnings.length > 0) {
    lines.push('no sessions to show')
  } else if (status.sessions.length === 0) {
    lines.push('no profiles yet', style.dim('make one and log in: authsock login https://ISSUER --client-id ID'))
  } else {
    lines.push(...table(status.sessions, now, width, style))
  }
  const { state, master_key: masterKey, detail, hint } = status.vault
  if (state !== 'new' || status.sessions.length > 0) {
    const key = masterKey === undefined ? '' : ` (${keyNames[masterKey]})`
    const paint = state === 'open' ? style.dim : style.warn
    lines.push('', paint(`vault ${vaultStates[state] ?? state}${key}${detail === undefined ? '' : `: ${detail}`}`))
    if (state !== 'open' && hint !== undefined) lines.push(`  ${style.dim(`hint: ${hint}`)}`)
  }
  for (const warning of status.warnings) lines.push(style.warn(`warning: ${warning}`))
  return lines
}

const keyNames = {
  keychain: 'key in the keychain',
  passphrase: 'key behind a passphrase',
  'key-file': 'key in a key file',
  descriptor: 'key from a descriptor',
  'systemd-credential': 'key from systemd',
  'insecure-key-file': 'key in a plain file beside it',
} as const

const vaultStates = {
  new: 'not made yet',
  open: 'open',
  locked: 'locked',
  absent: 'without its key',
  unreachable: 'out of reach',
} as const

function table(sessions: readonly SessionStatus[], now: number, width: number, style: Style): readonly string[] {
  const rows = sessions.map((session) => cells(session, now, style))
  const shown = columnsFor(rows, width)
  const widths = shown.map((column) =>
    Math.max(...rows.map((row) => columns(row[column]?.text ?? '')), headings[column]?.length ?? 0),
  )
  const line = (row: readonly Cell[]): string =>
    shown
      .map((column, index) => {
        const { text, paint } = row[column] ?? { text: '' }
        const padded = index === shown.length - 1 ? text : text + ' '.repeat(Math.max(0, (widths[index] ?? 0) - columns(text)))
        return paint === undefined ? padded : paint(padded)
      })
      .join('   ')
      .trimEnd()
  const heading = line(headings.map((text) => ({ text: text.toUpperCase(), paint: style.dim })))
  const body = sessions.flatMap((session, index) => [line(rows[index] ?? []), ...explanation(session, now, style)])
  return [heading, ...body]
}

function cells(session: SessionStatus, now: number, style: Style): readonly Cell[] {
  // A newer agent may know more states.
  const [label, look] = states[session.state] ?? [session.state, 'warn']
  const at = (time: number | undefined, words: (at: number, now: number) => string): Cell =>
    time === undefined ? { text: '-', paint: style.dim } : { text: words(time, now) }
  const expires = session.expires_at
  return [
    { text: session.profile, paint: style.bold },
    { text: label, paint: style[look] },
    session.user === undefined ? { text: '-', paint: style.dim } : { text: oneLine(session.user) },
    expires !== undefined && expires <= now ? { text: `expired ${ago(expires, now)}`, paint: style.dim } : at(expires, fromNow),
    at(session.refreshed_at, ago),
    at(session.next_refresh_at, (time) => (time <= now ? 'due' : fromNow(time, now))),
  ]
}

/** What a server calls its users is no layout. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 200)

/** Of a terminal: East Asian wide characters and emoji take two. */
const columns = (text: string): number =>
  Array.from(new Intl.Segmenter().segment(text)).reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** On a narrow terminal the least telling columns go first. */
function columnsFor(rows: readonly (readonly Cell[])[], width: number): readonly number[] {
  const all = headings.map((_, index) => index)
  for (const dropped of [[], [4], [4, 5], [4, 5, 2]]) {
    const shown = all.filter((column) => !dropped.includes(column))
    const needed = shown.reduce(
      (sum, column) => sum + 3 + Math.max(...rows.map((row) => columns(row[column]?.text ?? '')), headings[column]?.length ?? 0),
      -3,
    )
    if (needed <= width) return shown
  }
  return [0, 1, 3]
}

function explanation({ state, reason, hint, ends_at: end }: SessionStatus, now: number, style: Style): readonly string[] {
  // The vault's line says why, for all of them.
  if (state === 'locked') return []
  const lines: string[] = []
  if (reason !== undefined) lines.push(`  ${oneLine(reason)}`)
  if (end !== undefined) lines.push(`  ${style.dim(`a new login is needed ${fromNow(end, now)}`)}`)
  if (hint !== undefined && state !== 'login_pending') lines.push(`  ${style.dim(`hint: ${hint}`)}`)
  return lines
}
