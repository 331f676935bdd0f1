// The Debian package, from the files of the archive and installers/deb.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { run } from './command.ts'
import { copy, normalize } from './files.ts'
import { compress, makeLinuxRoot } from './linux-root.ts'
import { manifest, root, sourceDate } from './project.ts'
import type { Target } from './targets.ts'

const sources = join(root, 'installers/deb')
const architectures = { x64: 'amd64', arm64: 'arm64' } as const
const version = `${manifest.version}-1`

export const debName = ({ arch }: Target): string => `${manifest.name}_${version}_${architectures[arch]}.deb`

/** `level`: of xz, 0 to 9. */
export function makeDeb(target: Target, tree: string, path: string, level: number): void {
  const scratch = mkdtempSync(join(tmpdir(), 'authsock-deb-'))
  try {
    const folder = join(scratch, 'root')
    makeLinuxRoot(tree, folder, 'vendor-completions')
    addDocumentation(folder)
    addControl(target, folder)
    normalize(folder)
    for (const name of ['postinst', 'postrm']) chmodSync(join(folder, 'DEBIAN', name), 0o755)
    run('dpkg-deb', ['--root-owner-group', '-Zxz', `-z${level}`, '--build', folder, path])
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** As Debian's policy names the files; it has the text of Apache-2.0 itself. */
function addDocumentation(folder: string): void {
  const doc = join(folder, 'usr/share/doc/authsock')
  rmSync(join(doc, 'LICENSE'))
  copy(join(sources, 'copyright'), join(doc, 'copyright'))
  renameSync(join(doc, 'CHANGELOG.md'), join(doc, 'changelog'))
  renameSync(join(doc, 'THIRD-PARTY-LICENSES.txt'), join(doc, 'third-party-licenses.txt'))
  const date = new Date(sourceDate * 1000).toUTCString().replace('GMT', '+0000')
  writeFileSync(
    join(doc, 'changelog.Debian'),
    `${manifest.name} (${version}) unstable; urgency=medium

  * Release ${manifest.version}; see changelog.gz.

 -- authsock maintainers <maintainers@authsock.invalid>  ${date}
`,
  )
  for (const name of ['changelog', 'changelog.Debian', 'third-party-licenses.txt']) compress(join(doc, name))
  copy(join(sources, 'lintian-overrides'), join(folder, 'usr/share/lintian/overrides/authsock'))
}

function addControl(target: Target, folder: string): void {
  const control = join(folder, 'DEBIAN')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const size = files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / 1024), 0)
  mkdirSync(control)
  const text = readFileSync(join(sources, 'control'), 'utf8')
    .replace('@version@', version)
    .replace('@architecture@', architectures[target.arch])
    .replace('@size@', String(size))
  writeFileSync(join(control, 'control'), text)
  const digest = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex')
  writeFileSync(join(control, 'md5sums'), files.map((file) => `${digest(file)}  ${relative(folder, file)}\n`).join(''))
  for (const name of ['postinst', 'postrm']) copy(join(sources, name), join(control, name))
}
