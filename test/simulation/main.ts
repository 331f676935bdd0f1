// `npm run simulate -- --seeds N [--seed FIRST] [--steps N]`: so many simulated lives, each from its own seed. Ends with 1 and
// the seed that shows it where something did not hold.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runLives } from './lives.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, seed: { type: 'string' }, steps: { type: 'string', default: '5000' } },
})
const first = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

say(`simulating ${values.seeds} lives of ${values.steps} steps from seed ${first}`)
const started = performance.now()
const { figures, broken } = await runLives(first, Number(values.seeds), Number(values.steps))
const took = (performance.now() - started) / 1000
say(
  `${figures.steps} steps in ${took.toFixed(1)} s: ${figures.refreshes} refreshes, ${figures.answers} tokens served, ` +
    `${figures.failures} refused, ${figures.kills} kills, ${figures.powerCuts} power cuts, ${figures.sleeps} sleeps, ${figures.logins} logins`,
)
say('sessions lost, by what explains it:')
for (const [why, count] of Object.entries(figures.losses).sort(([, a], [, b]) => b - a))
  say(`  ${String(count).padStart(6)}  ${why}`)
if (broken === undefined) say('everything held')
else {
  say(`\nseed ${broken.seed} does not hold: ${broken.error.message}\n`)
  say(`again: npm run simulate -- --seeds 1 --seed ${broken.seed} --steps ${values.steps}`)
  process.exitCode = 1
}
