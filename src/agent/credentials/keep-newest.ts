/** Drops the entries that were added first, down to `max`. */
export function keepNewest(kept: Map<string, unknown> | Set<string>, max: number): void {
  for (const first of kept.keys()) {
    if (kept.size <= max) break
    kept.delete(first)
  }
}
