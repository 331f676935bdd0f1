// The suggestion for a mistyped word.

/** The nearest candidate, if it is a plausible typing error: at most one edit in a short word, two in a longer one. */
export const closest = (word: string, candidates: Iterable<string>): string | undefined =>
  [...candidates]
    .map((candidate) => [distance(word, candidate), candidate] as const)
    .sort(([a], [b]) => a - b)
    .find(([edits, candidate]) => edits <= (Math.min(word.length, candidate.length) <= 4 ? 1 : 2))?.[1]

/** Edits between two words: insert, delete, replace, and swap of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Infinity
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
