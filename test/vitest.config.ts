import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/built.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    // They wait for other processes more than they work.
    maxWorkers: 3,
    // A machine shared with others may stand still for seconds, and many tests race real clocks: one more try, which the
    // report shows. What is random gets none (`retry: 0` there): its failure would be another's success.
    retry: process.env['CI'] === undefined ? 0 : 1,
    pool: 'forks',
  },
})
