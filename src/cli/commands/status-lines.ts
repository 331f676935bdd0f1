// The status as lines of text. Pure: what to show, how wide, which colours -> lines.

import type { FailureCode } from '../../core/failures.ts'
import { ago, fromNow } from '../../core/util/durations.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import type { AgentStatus, SessionState, SessionStatus } from '../../wire/messages.ts'
import { wrapLine } from '../layout.ts'
import { type Cell, cell, tableLines } from '../table.ts'
import type { Style } from '../terminal.ts'

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

const headings = ['profile', 'state', 'user', 'expires', 'last refresh', 'next refresh']
/** Last refresh, next refresh, user. */
const optional = [4, 5, 2]
const maxReason = 400

/** `now` in seconds. */
export function statusLines(status: AgentStatus, now: number, width: number, style: Style): readonly string[] {
  const { sessions, vault, warnings } = status
  const lines: string[] = []
  if (sessions.length === 0 && warnings.length > 0) lines.push('no sessions to show')
  else if (sessions.length === 0) {
    lines.push('no profiles', style.dim('hint: `authsock login https://ISSUER --client-id ID` creates one and logs in'))
  } else {
    const rows = sessions.map((session) => cells(session, now, style))
    const details = (row: number): readonly string[] => {
      const session = sessions[row]
      return session === undefined ? [] : detailLines(session, now, width, style)
    }
    lines.push(...tableLines({ headings, rows, details, optional }, width, style))
  }
  const { state, master_key: masterKey, detail, hint } = vault
  if (state !== 'new' || sessions.length > 0) {
    const key = masterKey === undefined ? '' : ` (${masterKeys[masterKey] ?? masterKey})`
    const paint = state === 'open' ? style.dim : style.warn
    const text = `vault ${vaultStates[state] ?? state}${key}${detail === undefined ? '' : `: ${sanitizeForDisplay(detail, maxReason)}`}`
    lines.push('', ...wrapLine(text, width, 2).map(paint))
    if (state !== 'open' && hint !== undefined) lines.push(...wrapLine(`  hint: ${hint}`, width, 4).map(style.dim))
  }
  for (const warning of warnings)
    for (const line of warning.split('\n')) lines.push(...wrapLine(`warning: ${line}`, width, 2).map(style.warn))
  return lines
}

const masterKeys: Readonly<Record<string, string>> = {
  keychain: 'master key in the keychain',
  passphrase: 'master key protected by a passphrase',
  'key-file': 'master key in a key file',
  descriptor: 'master key from a file descriptor',
  'systemd-credential': 'master key from a systemd credential',
  'insecure-key-file': 'master key in an unprotected file in the vault folder',
}

export const vaultStates: Readonly<Record<string, string>> = {
  new: 'not created yet',
  open: 'open',
  locked: 'locked',
  absent: 'without its master key',
  unreachable: 'not accessible',
}

export const vaultProblems: Readonly<Record<string, FailureCode>> = {
  locked: 'vault_locked',
  absent: 'keychain_absent',
  unreachable: 'keychain_unreachable',
}

function cells(session: SessionStatus, now: number, style: Style): readonly Cell[] {
  // A newer agent may know more states.
  const [label, look] = states[session.state] ?? [session.state, 'warn']
  const { expires_at: expires, refreshed_at: refreshed, next_refresh_at: next, user } = session
  const absent = cell(undefined, style.dim)
  const isExpired = expires !== undefined && expires <= now
  return [
    cell(session.profile, style.bold),
    cell(label, style[look]),
    user === undefined ? absent : cell(user),
    expires === undefined ? absent : isExpired ? cell(`expired ${ago(expires, now)}`, style.dim) : cell(fromNow(expires, now)),
    refreshed === undefined ? absent : cell(ago(refreshed, now)),
    next === undefined ? absent : cell(next <= now ? 'due' : fromNow(next, now)),
  ]
}

function detailLines(session: SessionStatus, now: number, width: number, style: Style): readonly string[] {
  const { state, reason, hint, ends_at: end } = session
  // The line about the vault says why.
  if (state === 'locked') return []
  const lines: string[] = []
  if (reason !== undefined) lines.push(...wrapLine(`  ${sanitizeForDisplay(reason, maxReason)}`, width, 4))
  if (end !== undefined) lines.push(...wrapLine(`  ${endText(end, now)}`, width, 4).map(style.dim))
  if (hint !== undefined && state !== 'login_pending') lines.push(...wrapLine(`  hint: ${hint}`, width, 4).map(style.dim))
  return lines
}

const endText = (end: number, now: number): string =>
  end <= now ? `the session ended ${ago(end, now)}` : `the session ends ${fromNow(end, now)}; then a new login is needed`
