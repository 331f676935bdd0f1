// Times as people type them.

import { Failure } from '../core/failures.ts'

const spans: Readonly<Record<string, number>> = {
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  m: 30 * 86_400_000,
  y: 365 * 86_400_000,
}

/** `90d`, `8h`, `30min`: ms. Throws bad_request. */
export function parseSpan(option: string, text: string): number {
  const span = /^(\d{1,5})(s|min|h|d|w|m|y)$/.exec(text)
  if (span === null) throw new Failure('bad_request', `${option} is '${text}'`, { hint: 'write a span: 30min, 8h, 90d, 12w, 1y' })
  return Number(span[1]) * (spans[span[2] ?? ''] ?? 0)
}

/** `2027-01-31`, a full RFC 3339 time, or a span before now: ms since the epoch. Throws bad_request. */
export function parseTime(option: string, text: string, now: number): number {
  if (/^\d+(s|min|h|d|w|m|y)$/.test(text)) return now - parseSpan(option, text)
  const at = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new Failure('bad_request', `${option} is '${text}'`, {
    hint: 'write a date (2027-01-31), a time, or a span before now (8h, 3d)',
  })
}
