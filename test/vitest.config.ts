import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/run.ts',
    // A guard against what hangs, and no limit: on a machine with forty busy processes everything takes twenty times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    // They wait for other processes more than they work.
    maxWorkers: 3,
    pool: 'forks',
  },
})
