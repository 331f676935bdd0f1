// The RPM, from the files of the archive and installers/rpm.

import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { copy, normalize } from './files.ts'
import { makeLinuxRoot } from './linux-root.ts'
import { manifest, root } from './project.ts'
import type { Target } from './targets.ts'

const sources = join(root, 'installers/rpm')
const architectures = { x64: 'x86_64', arm64: 'aarch64' } as const

export const rpmName = ({ arch }: Target): string => `${manifest.name}-${manifest.version}-1.${architectures[arch]}.rpm`

/** `level`: of xz, 0 to 9. */
export function makeRpm(target: Target, tree: string, path: string, level: number): void {
  const scratch = mkdtempSync(join(tmpdir(), 'authsock-rpm-'))
  try {
    const folder = join(scratch, 'root')
    makeLinuxRoot(tree, folder, 'site-functions')
    copy(join(sources, '80-authsock.preset'), join(folder, 'usr/lib/systemd/user-preset/80-authsock.preset'))
    normalize(folder)
    mkdirSync(join(scratch, 'top'))
    const defines = {
      _topdir: join(scratch, 'top'),
      authsock_version: manifest.version,
      authsock_root: folder,
      _binary_payload: `w${level}T2.xzdio`,
      // Nothing of the machine and the time of the build.
      _buildhost: 'localhost',
      use_source_date_epoch_as_buildtime: '1',
      clamp_mtime_to_source_date_epoch: '1',
      source_date_epoch_from_changelog: '0',
    }
    const options = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`])
    run('rpmbuild', ['-bb', '--target', `${architectures[target.arch]}-linux`, ...options, join(sources, 'authsock.spec')])
    const made = join(scratch, 'top/RPMS', architectures[target.arch])
    const [name = ''] = readdirSync(made)
    renameSync(join(made, name), path)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
