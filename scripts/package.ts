// `npm run package`: makes what is released, in dist-package/ or the folder that `-- --out DIR` names. For this platform; `--target PLATFORM`
// names others, `--all` means every one. `--only KIND` makes some kinds of package only. Two runs on the same commit give the same bytes.
// A platform that cannot be made here is named with the reason, the others are made, and the exit code is 1.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeTarXz, makeZip } from './package/archives.ts'
import { writeChecksums } from './package/checksums.ts'
import { manifest, root } from './package/project.ts'
import { allTargets, hostPlatform, type Target, targetOf } from './package/targets.ts'
import { makeTree } from './package/tree.ts'

/** `tree`: no package, but the files themselves, which stay in the folder. */
const kinds = ['archive'] as const
type Kind = (typeof kinds)[number] | 'tree'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist-package') },
    all: { type: 'boolean', default: false },
    target: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true, default: [] },
  },
})
const out = resolve(options.out)
const only = options.only.map(kindOf)
const named = options.target.length === 0 ? [targetOf(hostPlatform)] : options.target.map(targetOf)
const targets = options.all ? allTargets : named

clear()
const failures: string[] = []
for (const target of targets) {
  try {
    await makePackages(target)
  } catch (error) {
    failures.push(`${target.platform}: ${(error as Error).message}`)
  }
}
writeChecksums(out)
for (const failure of failures) process.stderr.write(`${failure}\n`)
if (failures.length > 0) process.exitCode = 1

async function makePackages(target: Target): Promise<void> {
  const name = `${manifest.name}-${manifest.version}-${target.platform}`
  const tree = join(out, name)
  await makeTree(target, tree)
  if (isWanted('archive')) {
    if (target.os === 'win32') makeZip(tree, join(out, `${name}.zip`))
    else makeTarXz(tree, join(out, `${name}.tar.xz`))
  }
  process.stdout.write(`${target.platform}\n`)
}

function kindOf(text: string): Kind {
  const found = [...kinds, 'tree' as const].find((kind) => kind === text)
  if (found === undefined) throw new Error(`--only is '${text}', not one of tree, ${kinds.join(', ')}`)
  return found
}

function isWanted(kind: Kind): boolean {
  return only.length === 0 || only.includes(kind)
}

/** Removes the result of an earlier run, and no other folder. */
function clear(): void {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'SHA256SUMS')))
    throw new Error(`${out} is neither empty nor made by this command: remove it, or name another folder`)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
}
