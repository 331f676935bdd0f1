// Jitter without randomness (FNV-1a over UTF-16 code units), so that a schedule is a pure function of its record.

/** A number in [0, 1), always the same for the same text. */
export function stableFraction(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0) / 2 ** 32
}
