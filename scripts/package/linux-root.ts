// The files of a Linux package below its root, from those of the archive: man pages compressed, units of systemd added.

import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { copy } from './files.ts'
import { root } from './project.ts'

/** `folder` must not exist; `zshFunctions`: below usr/share/zsh. */
export function makeLinuxRoot(tree: string, folder: string, zshFunctions: string): void {
  const usr = join(folder, 'usr')
  mkdirSync(folder, { recursive: true })
  cpSync(tree, usr, { recursive: true, verbatimSymlinks: true })
  // The Python package keyring has a program of this name. `authsock install` makes the link for a user.
  rmSync(join(usr, 'bin/keyring'))
  rmSync(join(usr, 'share/man/man1/keyring.1'))
  for (const name of ['authsock.service', 'authsock.socket']) {
    copy(join(root, 'installers/systemd', name), join(usr, 'lib/systemd/user', name))
  }
  if (zshFunctions !== 'site-functions') {
    const to = join(usr, 'share/zsh', zshFunctions)
    mkdirSync(dirname(to), { recursive: true })
    renameSync(join(usr, 'share/zsh/site-functions'), to)
  }
  const man = join(usr, 'share/man')
  for (const name of readdirSync(man, { recursive: true, encoding: 'utf8' })) if (/\.\d$/.test(name)) compress(join(man, name))
}

/** Replaces the file by a compressed one with `.gz` at the end of its name. */
export function compress(path: string): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
  rmSync(path)
}
