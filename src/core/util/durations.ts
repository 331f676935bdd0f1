// Durations and instants as text for people.

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** `4 d`, `3 h 20 min`, `12 min`, `45 s`: at most two units; from ten days on rounded to days. Takes seconds. */
export function duration(seconds: number): string {
  const exact = Math.max(0, Math.round(seconds))
  // Rounded, so that 90 days are still `90 d` a moment later.
  const step = exact >= 10 * 86_400 ? 86_400 : exact >= 86_400 ? 3_600 : 1
  const whole = Math.round(exact / step) * step
  const index = units.findIndex(([, size]) => whole >= size)
  const largest = units[index]
  if (largest === undefined) return '0 s'
  const [name, size] = largest
  const first = Math.floor(whole / size)
  const next = units[index + 1]
  const rest = next === undefined ? 0 : Math.floor((whole - first * size) / next[1])
  const isShown = next !== undefined && rest > 0 && first < 10 && name !== 'min'
  return isShown ? `${first} ${name} ${rest} ${next[0]}` : `${first} ${name}`
}

/** `in 4 d`, `now` or `4 d ago`. Seconds since the epoch. */
export const fromNow = (at: number, now: number): string =>
  at > now ? `in ${duration(at - now)}` : at === now ? 'now' : ago(at, now)

export const ago = (at: number, now: number): string => (now - at < 1 ? 'just now' : `${duration(now - at)} ago`)

/** `2027-01-31 08:00`, local. Seconds since the epoch. */
export function dateTime(at: number): string {
  const date = new Date(at * 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}
