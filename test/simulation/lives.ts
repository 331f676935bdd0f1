// Many simulated lives one after the other, until one shows that something does not hold.

import { type Figures, Violation, World } from './world.ts'

interface Broken {
  readonly seed: number
  readonly error: Error
}

export async function runLives(
  first: number,
  count: number,
  steps: number,
): Promise<{ readonly figures: Figures; readonly broken: Broken | undefined }> {
  const total: Figures = {
    steps: 0,
    refreshes: 0,
    answers: 0,
    failures: 0,
    kills: 0,
    powerCuts: 0,
    sleeps: 0,
    logins: 0,
    losses: {},
  }
  for (let seed = first; seed < first + count; seed++) {
    const world = new World(seed)
    try {
      add(total, await world.live(steps))
    } catch (error) {
      const known = error instanceof Violation ? error : new Error(`it broke: ${String((error as Error).stack)}`)
      return { figures: total, broken: { seed, error: known } }
    }
  }
  return { figures: total, broken: undefined }
}

function add(total: Figures, figures: Figures): void {
  const { losses, ...counts } = figures
  for (const [name, count] of Object.entries(counts)) total[name as Exclude<keyof Figures, 'losses'>] += count
  for (const [why, count] of Object.entries(losses)) total.losses[why] = (total.losses[why] ?? 0) + count
}
