// R21: what was read of config.toml before a change does not count after it, however the reads overlap.

import { beforeEach, expect, test } from 'vitest'
import { Profiles } from '../../../../src/agent/sessions/profiles.ts'
import { type Config, emptyConfig } from '../../../../src/config/config.ts'

let reads: { readonly resolve: (config: Config) => void }[]
let profiles: Profiles

const config = (interactiveLogin: boolean): Config => ({ ...emptyConfig, interactiveLogin })
const unused = (): never => {
  throw new Error('not used here')
}

beforeEach(() => {
  reads = []
  const file = {
    path: 'config.toml',
    problem: undefined,
    current: () => new Promise<Config>((resolve) => void reads.push({ resolve })),
  }
  const records = { read: unused, write: unused, remove: unused, list: unused, version: unused, sync: unused, probe: unused }
  profiles = new Profiles(file, records, unused, () => 0)
})

test('a read that began before a reload is not what counts after it', async () => {
  const early = profiles.config()
  await expect.poll(() => reads.length).toBe(1)
  const reloaded = profiles.reload()
  reads[0]?.resolve(config(false))
  await expect.poll(() => reads.length).toBe(2)
  reads[1]?.resolve(config(true))
  await expect.poll(() => reads.length).toBe(3)
  reads[2]?.resolve(config(true))
  await reloaded
  expect((await early).interactiveLogin).toBe(true)
  expect((await profiles.config()).interactiveLogin).toBe(true)
})

test('a read that fails does not stop the next one', async () => {
  const failing = new Profiles(
    { path: 'config.toml', problem: undefined, current: () => Promise.reject(new Error('no file')) },
    { read: unused, write: unused, remove: unused, list: unused, version: unused, sync: unused, probe: unused },
    unused,
    () => 0,
  )
  await expect(failing.config()).rejects.toThrow('no file')
  await expect(failing.reload()).rejects.toThrow('no file')
})
