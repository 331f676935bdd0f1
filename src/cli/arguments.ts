// The one reader of arguments: numbers, spans, times, scopes, choices. Everything that is not accepted throws bad_request and
// names the option. Times and spans are seconds.

import { Failure } from '../core/failures.ts'
import { duration } from '../core/util/durations.ts'

/** For an option that takes a list: it may be repeated, and spaces or commas separate values. */
export const collectList = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value.split(/[\s,]+/).filter((each) => each !== ''),
]

/** For an option that may be repeated and takes one value as it is. */
export const collectValues = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** One of several words; `_` may be written `-`. The result has `choices`, for completions. */
export const oneOf = <T extends string>(
  option: string,
  all: readonly T[],
): ((value: string) => T) & { readonly choices: readonly T[] } =>
  Object.assign(
    (value: string): T => {
      const found = all.find((each) => each === value || each.replaceAll('_', '-') === value)
      if (found !== undefined) return found
      throw new Failure('bad_request', `${option} is '${value}', not one of ${all.join(', ')}`, {
        hint: `use one of ${all.join(', ')}`,
      })
    },
    { choices: all },
  )

/** A whole number from `min` to `max`. */
export function parseInteger(option: string, text: string, what: string, { min = 0, max = 9_999_999 } = {}): number {
  const number = Number(text)
  if (/^\d{1,10}$/.test(text) && number >= min && number <= max) return number
  throw new Failure('bad_request', `${option} is '${text}', not ${what}`, { hint: `use a whole number from ${min} to ${max}` })
}

const year = 365 * 86_400
const units: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: year,
}
const span = /^(\d{1,9})(s|m|min|h|d|w|y)$/
const maxSpan = 10 * year

/** `45s`, `30m` or `30min`, `8h`, `90d`, `12w`, `1y`: seconds, at least one. There is no unit for months. */
export function parseSpan(option: string, text: string, max = maxSpan): number {
  const [, count, unit = ''] = span.exec(text) ?? []
  const seconds = Number(count ?? Number.NaN) * (units[unit] ?? 0)
  if (Number.isNaN(seconds))
    throw new Failure('bad_request', `${option} is '${text}', not a time span`, {
      hint: 'write a number and a unit: 30m (minutes), 8h, 90d, 12w, 1y',
    })
  if (seconds >= 1 && seconds <= max) return seconds
  throw new Failure('bad_request', `${option} is '${text}', which is ${seconds < 1 ? 'too short' : 'too long'}`, {
    hint: `use a span from 1s to ${duration(max).replaceAll(' ', '')}`,
  })
}

const date = /^\d{4}-\d{2}-\d{2}(T.*)?$/

function parseDate(text: string): number | undefined {
  const at = date.test(text) ? Date.parse(text) / 1000 : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** A date, an RFC 3339 time, or a span before `now`: seconds since the epoch. */
export function parsePastTime(option: string, text: string, now: number): number {
  if (span.test(text)) return now - parseSpan(option, text)
  const at = parseDate(text)
  if (at !== undefined) return at
  throw new Failure('bad_request', `${option} is '${text}', not a time`, {
    hint: 'write a date (2027-01-31), a time (2027-01-31T08:00:00Z) or a span before now (30m, 8h, 3d)',
  })
}

/** A date, an RFC 3339 time, or a span after `now`: seconds since the epoch, later than `now`. */
export function parseFutureTime(option: string, text: string, now: number): number {
  const at = span.test(text) ? now + parseSpan(option, text) : parseDate(text)
  if (at === undefined)
    throw new Failure('bad_request', `${option} is '${text}', not a time`, {
      hint: 'write a date (2027-01-31) or a span (8h, 90d, 12w, 1y)',
    })
  if (at > now) return Math.floor(at)
  throw new Failure('bad_request', `${option} is '${text}', which is past`, { hint: 'choose a later time' })
}
