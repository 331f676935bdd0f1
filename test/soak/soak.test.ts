// The loads of `npm run soak`, smaller (R15, L4).

import { expect, test } from 'vitest'
import { describeWith, isLinux } from '../support/real-part.ts'
import { withGround } from './ground.ts'
import { expiry, halfRequests, hostileShares, idle, maxConnections, noDescriptors, slowReaders } from './scenarios.ts'

describeWith({ Linux: isLinux }, 'load', () => {
  test('R15 open connections, slow readers and half requests: others are served, and memory does not grow', async () => {
    await withGround({ accessTokenTtl: 3600 }, async (ground) => {
      for (const outcome of [
        await idle(ground, maxConnections(3_000)),
        await slowReaders(ground, 100),
        await halfRequests(ground, 300),
      ])
        expect(outcome.held, outcome.told).toBe(true)
    })
  })

  test('R1 R15 1000 callers at an expiry', async () => {
    const { held, told } = await withGround({ accessTokenTtl: 4 }, (ground) => expiry(ground, 1_000))
    expect(held, told).toBe(true)
  })

  test.each([1024, 4096])('S9 eight hostile shares and %i descriptors: the main socket answers', async (descriptors) => {
    const { held, told } = await withGround({ accessTokenTtl: 3600, descriptors }, (ground) =>
      withGround({ accessTokenTtl: 3600 }, (other) => hostileShares(ground, other, 60, 4)),
    )
    expect(held, told).toBe(true)
  })

  test('R15 no descriptors left: it lives, serves again, and the session with it', async () => {
    const { held, told } = await withGround({ accessTokenTtl: 5, descriptors: 96 }, (ground) => noDescriptors(ground, 96))
    expect(held, told).toBe(true)
  })
})
