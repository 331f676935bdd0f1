// The unit tests of the core, for `npm run mutation`: they need no build of the program.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/unit/core/**/*.test.ts'],
    env: { AUTHSOCK_PROPERTY_RUNS: '60' },
    testTimeout: 30_000,
  },
})
