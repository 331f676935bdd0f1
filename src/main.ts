#!/usr/bin/env node
// argv -> the agent or the command line; whichever it is, the other is never loaded.

const [command] = process.argv.slice(2)
const { main } = command === 'agent' ? await import('./agent/command.ts') : await import('./cli/main.ts')
process.exitCode = await main(process.argv.slice(2))
