// The single-file program: Node, the bundle, and the native modules in one executable (https://nodejs.org/api/single-executable-applications.html).
// Code of V8 is compiled ahead for the host's platform only; Node refuses that of another one.

import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bundleSingleFile } from '../bundle.ts'
import { isInstalled, run } from './command.ts'
import { manifest, root } from './project.ts'
import { lockedPackage, nodePackage, nodeVersion } from './sources.ts'
import { isHost, type Target } from './targets.ts'

/** The text that Node's own file has where it looks for a program. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/** The paths of the two native modules. */
export interface NativeModules {
  readonly 'koffi.node': string
  readonly 'keyring.node': string
}

/** Throws if one is not known for the platform. */
export function nativeModules({ platform, keyringPackage, koffiFile }: Target): NativeModules {
  const keyring = `keyring.${keyringPackage.slice('@napi-rs/keyring-'.length)}.node`
  return {
    'koffi.node': join(lockedPackage(`@koromix/koffi-${platform}`), koffiFile),
    'keyring.node': join(lockedPackage(keyringPackage), keyring),
  }
}

/** Writes the program to `path`. */
export async function makeSingleFile(target: Target, path: string): Promise<void> {
  if (process.versions.node !== nodeVersion)
    throw new Error(`this is Node ${process.versions.node}: the bundle is made by ${nodeVersion}, as node-binaries.json says`)
  const node = nodeOf(target)
  const scratch = mkdtempSync(join(tmpdir(), 'authsock-sea-'))
  try {
    await makeBlob(target, scratch)
    mkdirSync(dirname(path), { recursive: true })
    cpSync(node, path)
    chmodSync(path, 0o755)
    prepare(target, path)
    const segment = target.os === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : []
    const postject = join(root, 'node_modules/postject/dist/cli.js')
    run(process.execPath, [postject, path, 'NODE_SEA_BLOB', join(scratch, 'blob'), '--sentinel-fuse', fuse, ...segment])
    if (target.os === 'darwin') run('codesign', ['--sign', '-', path])
  } finally {
    rmSync(scratch, { recursive: true })
  }
  if (isHost(target)) check(path)
}

/** On macOS, where npm has no package of it, that of this process. */
function nodeOf(target: Target): string {
  if (target.os === 'darwin' && isHost(target)) return process.execPath
  return join(nodePackage(target.platform), target.os === 'win32' ? 'bin/node.exe' : 'bin/node')
}

async function makeBlob(target: Target, scratch: string): Promise<void> {
  const { program, passphraseWorker } = await bundleSingleFile()
  const assets: Record<string, string> = {}
  const add = (name: string, content: string | Buffer): void => {
    assets[name] = join(scratch, name)
    writeFileSync(join(scratch, name), content)
  }
  for (const [name, from] of Object.entries(nativeModules(target))) {
    const content = readFileSync(from)
    add(name, content)
    add(`${name}.sha256`, createHash('sha256').update(content).digest('hex'))
  }
  add('passphrase-worker.cjs', passphraseWorker)
  writeFileSync(join(scratch, 'authsock.cjs'), program)
  const config = {
    // Its path becomes part of the blob, so it is a relative one.
    main: 'authsock.cjs',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: isHost(target),
    // SIGUSR1 opens no inspector (S6), and NODE_OPTIONS has no effect.
    ...(target.os === 'win32' ? {} : { execArgv: ['--disable-sigusr1'] }),
    execArgvExtension: 'none',
    assets: Object.fromEntries(Object.keys(assets).map((name) => [name, name])),
  }
  writeFileSync(join(scratch, 'config.json'), JSON.stringify(config))
  // --predictable: the code cache has the same bytes each time, and Node accepts it without that option too.
  run(process.execPath, ['--predictable', '--experimental-sea-config', 'config.json'], { cwd: scratch })
}

/** Symbols go, and the signature of Node's file, which does not fit what it becomes. */
function prepare(target: Target, path: string): void {
  if (target.os === 'darwin') run('codesign', ['--remove-signature', path])
  else if (target.os === 'win32') {
    if (!isInstalled('osslsigncode')) throw new Error('osslsigncode is not installed: it removes the signature of node.exe')
    const unsigned = `${path}.unsigned`
    run('osslsigncode', ['remove-signature', '-in', path, '-out', unsigned])
    cpSync(unsigned, path)
    rmSync(unsigned)
  } else run(stripOf(target), ['--strip-all', path])
}

function stripOf(target: Target): string {
  const cross = `${target.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu-strip`
  const found = [cross, ...(isHost(target) ? ['strip'] : [])].find(isInstalled)
  if (found === undefined) throw new Error(`${cross} is not installed: it is in binutils for ${target.arch}`)
  return found
}

/** Runs it: an empty home, so that it also loads what it contains. Node says on stderr if it rejects the code cache. */
function check(path: string): void {
  if (!existsSync(path)) throw new Error(`${path} was not made`)
  const home = mkdtempSync(join(tmpdir(), 'authsock-check-'))
  try {
    const { status, stdout, stderr } = spawnSync(path, ['--version'], {
      encoding: 'utf8',
      env: { HOME: home, PATH: '/usr/bin:/bin' },
    })
    if (status !== 0 || stderr !== '' || stdout !== `${manifest.version}\n`)
      throw new Error(`the program does not run: exit code ${status}, stdout '${stdout}', stderr '${stderr}'`)
  } finally {
    rmSync(home, { recursive: true })
  }
}
