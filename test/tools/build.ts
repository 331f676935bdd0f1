// `npm run build`: dist/ from src/, as JavaScript with types, ready to be run and imported.

import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)
rmSync(new URL('dist', root), { recursive: true, force: true })
const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
const { status } = spawnSync(process.execPath, [tsc, '-p', fileURLToPath(new URL('src/tsconfig.json', root))], {
  stdio: 'inherit',
})
if (status === 0) chmodSync(new URL('dist/main.js', root), 0o755)
process.exitCode = status ?? 1
