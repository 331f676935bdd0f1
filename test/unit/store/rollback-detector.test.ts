import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { RollbackDetector } from '../../../src/store/files/rollback-detector.ts'

const folder = mkdtempSync(join(tmpdir(), 'authsock-seen-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('R13: what another agent has noted since is seen, by one that has read the notes before', async () => {
  const path = join(folder, 'generations')
  const [one, other] = [new RollbackDetector(path), new RollbackDetector(path)]
  expect(await one.isOutdated('session.work', { login: 1, generation: 1 })).toBe(false)
  for (let generation = 1; generation <= 20; generation++) {
    other.note('session.work', { login: 1, generation: generation + 1 })
    other.note(`session.more-${generation}`, { login: 1, generation })
    await other.settled()
    expect(await one.isOutdated('session.work', { login: 1, generation })).toBe(true)
    expect(await one.isOutdated('session.work', { login: 2, generation })).toBe(false)
  }
  one.note('session.play', { login: 1, generation: 5 })
  await one.settled()
  const third = new RollbackDetector(path)
  expect(await third.isOutdated('session.play', { login: 1, generation: 4 })).toBe(true)
  expect(await third.isOutdated('session.work', { login: 1, generation: 20 })).toBe(true)
  expect(await third.isOutdated('session.more-7', { login: 1, generation: 6 })).toBe(true)
})
