// The suggestion for a mistyped word.

/** The nearest candidate, if it is at most two edits away. */
export const closest = (word: string, candidates: Iterable<string>): string | undefined =>
  [...candidates]
    .map((candidate) => [distance(word, candidate), candidate] as const)
    .sort(([a], [b]) => a - b)
    .find(([edits]) => edits <= 2)?.[1]

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
