// What comes from the npm registry for another platform, or in parts that npm does not install here: Node itself, koffi, keyring. Each is
// downloaded once by `npm pack` and compared with its pinned checksum: node-binaries.json for Node, package-lock.json for the rest.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.ts'
import { root } from './project.ts'

interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** Subresource Integrity, as in package-lock.json. */
  readonly integrity: string
}

interface NodeBinaries {
  readonly version: string
  readonly packages: Readonly<Record<string, { readonly name: string; readonly integrity: string } | undefined>>
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string } | undefined>>
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const binaries = readJson(join(import.meta.dirname, 'node-binaries.json')) as NodeBinaries
const lock = readJson(join(root, 'package-lock.json')) as Lock

/** All single-file programs have this one. */
export const nodeVersion = binaries.version

/** The folder of Node's package. Throws if there is none of this version for the platform. */
export function nodePackage(platform: string): string {
  const found = binaries.packages[platform]
  if (found !== undefined) return unpacked({ ...found, version: nodeVersion })
  throw new Error(
    `there is no pinned Node ${nodeVersion} for ${platform}: npm has no package of it, so build on a machine of that platform`,
  )
}

/** The folder of a package that package-lock.json names. */
export function lockedPackage(name: string): string {
  const entry = lock.packages[`node_modules/${name}`]
  if (entry?.integrity === undefined) throw new Error(`package-lock.json has no checksum of ${name}`)
  return unpacked({ name, version: entry.version, integrity: entry.integrity })
}

/** Downloads it unless that was done before. */
function unpacked({ name, version, integrity }: PinnedPackage): string {
  const cache = join(root, 'node_modules/.cache/authsock-sources')
  const folder = join(cache, createHash('sha256').update(integrity).digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  const temporary = `${folder}.${process.pid}.tmp`
  mkdirSync(temporary, { recursive: true })
  try {
    const [{ filename }] = JSON.parse(
      run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', temporary, `${name}@${version}`], {
        cwd: temporary,
      }),
    ) as [{ readonly filename: string }]
    const tarball = join(temporary, filename)
    const actual = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
    if (actual !== integrity) throw new Error(`${name}@${version} is ${actual}, not ${integrity} as pinned`)
    run('tar', ['-xzf', tarball, '--strip-components=1', '--no-same-owner', '-C', temporary])
    rmSync(tarball)
    renameSync(temporary, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}
