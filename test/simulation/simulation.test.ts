// A fixed budget of simulated lives, with new seeds each time; and one seed twice, for a failure must be had again.

import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { runLives } from './lives.ts'

const steps = 4_000

test('R1-R8 R10 R14 hold in simulated lives of agents, callers, servers, disks, networks and clocks', async () => {
  const first = randomInt(2 ** 31)
  const { figures, broken } = await runLives(first, 120, steps)
  if (broken !== undefined)
    throw new Error(`${broken.error.message}\nagain: npm run simulate -- --seeds 1 --seed ${broken.seed} --steps ${steps}`)
  // That it has happened at all: a simulation in which nothing goes wrong proves nothing.
  expect(figures.refreshes).toBeGreaterThan(1_000)
  expect(figures.kills).toBeGreaterThan(100)
  expect(figures.powerCuts).toBeGreaterThan(10)
  expect(figures.sleeps).toBeGreaterThan(50)
  expect(Object.keys(figures.losses)).toContain('the answer was lost')
})

test('a seed gives the same life each time', async () => {
  const [once, again] = [await runLives(7, 3, steps), await runLives(7, 3, steps)]
  expect(again).toEqual(once)
})
