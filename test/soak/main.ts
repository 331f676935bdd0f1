// `npm run soak`: puts loads on the agent and prints what became of them. Linux only. Ends with 1 where something did not hold.

import { withGround } from './ground.ts'
import { defined } from '../../src/core/util/defined.ts'
import {
  expiry,
  halfRequests,
  hostileShares,
  idle,
  maxConnections,
  noDescriptors,
  type Outcome,
  slowReaders,
} from './scenarios.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
let failed = 0

function tell({ held, told }: Outcome): void {
  if (!held) failed += 1
  say(`${held ? 'held' : 'FAILED'}  ${told}`)
}

await withGround({ accessTokenTtl: 3600 }, async (ground) => {
  tell(await idle(ground, maxConnections(10_000)))
  tell(await slowReaders(ground, 500))
  tell(await halfRequests(ground, maxConnections(2_000)))
  tell(await idle(ground, maxConnections(10_000)))
})
await withGround({ accessTokenTtl: 5 }, async (ground) => {
  for (let round = 0; round < 3; round++) tell(await expiry(ground, 1_000))
})
await withGround({ accessTokenTtl: 5, descriptors: 128 }, async (ground) => tell(await noDescriptors(ground, 128)))

for (const descriptors of [1024, undefined]) {
  await withGround({ accessTokenTtl: 3600, ...defined({ descriptors }) }, async (ground) =>
    withGround({ accessTokenTtl: 3600 }, async (other) => tell(await hostileShares(ground, other, 300, 60))),
  )
}

say(failed === 0 ? 'everything held' : `${failed} did not hold`)
process.exitCode = failed === 0 ? 0 : 1
