// Entry of the single-file program, which brings its own Node.

import { run } from './run.ts'

void run().then((code) => {
  process.exitCode = code
})
