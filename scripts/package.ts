// `npm run package`: makes what is released, in dist-package/ or the folder that `-- --out DIR` names. For this platform; `--target PLATFORM`
// names others, `--all` means every one. `--only KIND` makes some kinds of package only; `--fast` compresses little, for tests. Two runs on the same commit give the same bytes.
// A platform that cannot be made here is named with the reason, the others are made, and the exit code is 1.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeTarXz, makeZip } from './package/archives.ts'
import { writeChecksums } from './package/checksums.ts'
import { debName, makeDeb } from './package/deb.ts'
import { makeNpmPackage } from './package/npm.ts'
import { makeAgentImage, makeClientImage } from './package/oci.ts'
import { partsOf } from './package/parts.ts'
import { manifest, root } from './package/project.ts'
import { makeRpm, rpmName } from './package/rpm.ts'
import { billOfMaterials } from './package/sbom.ts'
import { allTargets, hostPlatform, isHost, type Target, targetOf } from './package/targets.ts'
import { makeTree } from './package/tree.ts'

/** `tree`: no package, but the files themselves, which stay in the folder. */
const kinds = ['archive', 'deb', 'rpm', 'container', 'npm', 'sbom'] as const
type Kind = (typeof kinds)[number] | 'tree'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist-package') },
    all: { type: 'boolean', default: false },
    target: { type: 'string', multiple: true, default: [] },
    fast: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
})
const out = resolve(options.out)
/** Of xz. */
const level = options.fast ? 1 : 6
const only = options.only.map(kindOf)
const named = options.target.length === 0 ? [targetOf(hostPlatform)] : options.target.map(targetOf)
const targets = options.all ? allTargets : named

clear()
const failures: string[] = []
if (only.length !== 1 || !isWanted('npm'))
  for (const target of targets) await attempt(target.platform, () => makePackages(target))
if (isWanted('npm')) await attempt('npm', () => makeNpmPackage(out, options.all))
writeChecksums(out)
for (const failure of failures) process.stderr.write(`${failure}\n`)
if (failures.length > 0) process.exitCode = 1

/** The agent's: only for the platform of this machine, whose libraries are here. */
function makeImages(target: Target, tree: string): void {
  const nameOf = (program: string): string => join(out, `${program}-${manifest.version}-${target.platform}.oci.tar`)
  makeClientImage(target, tree, nameOf('authsock-client'))
  if (isHost(target)) makeAgentImage(target, tree, nameOf('authsock-agent'))
}

async function attempt(name: string, make: () => Promise<void>): Promise<void> {
  try {
    await make()
    process.stdout.write(`${name}\n`)
  } catch (error) {
    failures.push(`${name}: ${(error as Error).message}`)
  }
}

async function makePackages(target: Target): Promise<void> {
  const name = `${manifest.name}-${manifest.version}-${target.platform}`
  const tree = join(out, name)
  await makeTree(target, tree)
  if (isWanted('sbom'))
    writeFileSync(join(out, `${name}.cdx.json`), billOfMaterials(`authsock for ${target.platform}`, await partsOf(target)))
  if (isWanted('archive')) {
    if (target.os === 'win32') makeZip(tree, join(out, `${name}.zip`))
    else makeTarXz(tree, join(out, `${name}.tar.xz`), level)
  }
  if (target.os !== 'linux') return
  if (isWanted('rpm')) makeRpm(target, tree, join(out, rpmName(target)), level)
  if (isWanted('container')) makeImages(target, tree)
  if (isWanted('deb')) makeDeb(target, tree, join(out, debName(target)), level)
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
