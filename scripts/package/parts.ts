// What is inside of a single-file program: the packages of npm that the bundle is made of, the native modules, Node, and the libraries
// that Node consists of. Licences and the bill of materials are made from this list.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledPackages } from '../bundle.ts'
import { lockedPackage, nodePackage, nodeVersion } from './sources.ts'
import type { Target } from './targets.ts'

export interface Part {
  readonly name: string
  readonly version: string
  /** SPDX expression, if the part says it. */
  readonly license?: string
  /** Package URL (https://github.com/package-url/purl-spec). */
  readonly purl: string
  /** The texts of its licence files. */
  readonly licenseTexts: readonly string[]
}

/** What the npm package contains, by the folders of the packages. */
export const npmParts = (folders: readonly string[]): readonly Part[] => folders.map(npmPart)

/** What the single-file program contains. */
export async function partsOf(target: Target): Promise<readonly Part[]> {
  const bundled = npmParts(await bundledPackages())
  const native = [`@koromix/koffi-${target.platform}`, target.keyringPackage].map((name) => nativePart(name))
  return [...bundled, ...native, nodePart(), ...nodeLibraries()]
}

/** Of a folder with a package.json. */
function npmPart(folder: string): Part {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Part & {
    readonly author?: string | { readonly name: string }
  }
  const texts = textsIn(folder)
  const owner = typeof author === 'string' ? author : author?.name
  const licenseTexts = texts.length === 0 && license === 'MIT' && owner !== undefined ? [mitText(owner)] : texts
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return { name, version, purl, ...(license === undefined ? {} : { license }), licenseTexts }
}

/** https://spdx.org/licenses/MIT.html, for a package that names the licence and its author but has no file with the text. */
const mitText = (author: string): string => `Copyright (c) ${author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** koffi's platform packages have no licence file; that of koffi itself applies. */
function nativePart(name: string): Part {
  const part = npmPart(lockedPackage(name))
  const texts = name.startsWith('@koromix/') ? textsIn(lockedPackage('koffi')) : textsIn(lockedPackage('@napi-rs/keyring'))
  return { ...part, licenseTexts: [...texts, ...part.licenseTexts] }
}

/** Its LICENSE has the licences of its libraries too, and is the same on every platform. */
function nodePart(): Part {
  const licenseTexts = textsIn(nodePackage('linux-x64'))
  if (licenseTexts.length === 0) throw new Error('the package of Node has no LICENSE file')
  return { name: 'node', version: nodeVersion, license: 'MIT', purl: `pkg:generic/node@${nodeVersion}`, licenseTexts }
}

/** As Node itself says; not its ABI versions. */
function nodeLibraries(): readonly Part[] {
  const numbers = new Set(['node', 'modules', 'napi', 'unicode', 'tz', 'cldr'])
  return Object.entries(process.versions)
    .filter(([name, version]) => version !== undefined && !numbers.has(name))
    .map(([name, version = '']) => ({ name, version, purl: `pkg:generic/${name}@${version}`, licenseTexts: [] }))
}

const isLicense = (name: string): boolean => /^(licen[cs]e|notice|copying)/i.test(name)

const textsIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter(isLicense)
        .toSorted()
        .map((name) => readFileSync(join(folder, name), 'utf8').trim())
    : []
