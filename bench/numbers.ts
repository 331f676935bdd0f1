// Medians, quartiles, and how they are written.

export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
  readonly count: number
}

/** The median and the quartiles around it. Throws where there is nothing. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => {
    const place = (sorted.length - 1) * part
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    if (below === undefined || above === undefined) throw new Error('there are no values')
    return below + (above - below) * (place - Math.floor(place))
  }
  return { median: at(0.5), low: at(0.25), high: at(0.75), count: sorted.length }
}

/** Each of `left` by the one of `right` that was measured next to it. */
export const ratios = (left: readonly number[], right: readonly number[]): Spread =>
  spread(left.map((value, index) => value / (right[index] ?? Number.NaN)))

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value === 0 ? '0' : String(Number(value.toPrecision(3)))
}

export const shown = ({ median, low, high }: Spread, unit = ''): string =>
  `${digits(median)}${unit} (${digits(low)} to ${digits(high)})`

export const times = (of: Spread): string => shown(of, ' x')
