#!/usr/bin/env node
// Entry of the program that runs on an installed Node. One that is too old hands over to one that is not, if one is known (H8).

/** As package.json says: an older one fails halfway, with an error that helps no user. */
const oldest = [22, 18] as const
/** Set for the Node that is handed over to. */
const handedOver = 'AUTHSOCK_HANDED_OVER'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isTooOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
process.exitCode = isTooOld ? await handOver() : await start()

async function start(): Promise<number> {
  delete process.env[handedOver]
  return (await import('./run.ts')).run()
}

async function handOver(): Promise<number> {
  const node = process.env[handedOver] === undefined ? await knownNode() : undefined
  if (node === undefined) {
    process.stderr.write(`authsock: Node ${process.versions.node} is too old\nhint: ${oldest.join('.')} or newer is needed\n`)
    return 2
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit', env: { ...process.env, [handedOver]: '1' } })
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  // The terminal sends it to both.
  process.on('SIGINT', () => {})
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/** The one that made the build, or that of the prefix that the package is installed in. As thin-client/posix-process.c. */
async function knownNode(): Promise<string | undefined> {
  const { existsSync, readFileSync } = await import('node:fs')
  const { fileURLToPath } = await import('node:url')
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const note = `${folder}interpreter`
  const recorded = existsSync(note) ? [readFileSync(note, 'utf8').trim()] : []
  const [, prefix] = /^(.*)\/lib\/node_modules\/authsock\/dist\/$/.exec(folder) ?? []
  const installed = prefix === undefined ? [] : [`${prefix}/bin/node`]
  return [...recorded, ...installed].find((path) => existsSync(path))
}
