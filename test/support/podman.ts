// Real containers: podman with an image of busybox, the thin client and a raw socket tool; nothing else is in it.

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finished } from './home.ts'
import { nativePrograms } from './programs.ts'
import { findProgram, isLinux, isRoot, programs } from './real-part.ts'

const image = 'localhost/authsock-test:1'
const tools = ['sh', 'ls', 'cat', 'touch', 'rm', 'mv', 'ln', 'id', 'sleep', 'mkdir', 'true', 'seq', 'head']

export const podmanParts = { Linux: isLinux, root: isRoot, ...programs('podman', 'busybox', 'musl-gcc', 'unshare') }

/** As the user's whose podman it is; root's where none is given. */
export function makeImage(rootless?: Rootless): void {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-image-'))
  try {
    for (const name of ['bin', 'run/authsock', 'tmp', 'home']) mkdirSync(join(folder, name), { recursive: true })
    copyFileSync(findProgram('busybox') ?? '', join(folder, 'bin/busybox'))
    copyFileSync(join(nativePrograms(), 'authsock-client'), join(folder, 'bin/authsock-client'))
    symlinkSync('authsock-client', join(folder, 'bin/git-credential-authsock'))
    for (const tool of tools) symlinkSync('busybox', join(folder, 'bin', tool))
    const source = fileURLToPath(new URL('raw.c', import.meta.url))
    must('musl-gcc', ['-static', '-Os', '-o', join(folder, 'bin/raw'), source])
    chmodSync(join(folder, 'tmp'), 0o1777)
    chmodSync(folder, 0o755)
    must('tar', ['-C', folder, '-cf', `${folder}.tar`, '.'])
    chmodSync(`${folder}.tar`, 0o644)
    const [program = '', ...args] = rootless?.command(['import', '-q', `${folder}.tar`, image]) ?? [
      'podman',
      'import',
      '-q',
      `${folder}.tar`,
      image,
    ]
    must(program, args)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.tar`, { force: true })
  }
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']

/** Some machines have both hierarchies of cgroups, which crun does not take. */
const quirk = existsSync('/sys/fs/cgroup/unified') ? 'umount /sys/fs/cgroup/unified; ' : ''

/** What runs `podman ARGS...` here. */
export const podman = (...args: readonly string[]): readonly string[] => [
  'unshare',
  '-m',
  'sh',
  '-c',
  `${quirk}exec "$@"`,
  'sh',
  'podman',
  ...args,
]

/** One that runs until it is removed, and has nothing mounted; its name, and what removes it. */
export function startContainer(...args: readonly string[]) {
  const name = `authsock-test-${randomBytes(6).toString('hex')}`
  const [program = '', ...rest] = podman(
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    ...limits,
    ...args,
    image,
    '/bin/sleep',
    '600',
  )
  must(program, rest)
  return { name, remove: () => void spawnSync('podman', ['rm', '-f', '-t', '0', name], { stdio: 'ignore' }) }
}

/** A shell script in a container, to its end. `args`: as `authsock share run-args` prints them, and more; without a network but theirs. */
export async function inContainer(
  script: string,
  args: readonly string[],
  { stdin = '', rootless }: { readonly stdin?: string; readonly rootless?: Rootless } = {},
): Promise<Finished> {
  const network = args.includes('--network') ? [] : ['--network', 'none']
  const run = ['run', '--rm', '-i', ...network, ...limits, ...args, image, '/bin/sh', '-c', script]
  const [program = '', ...rest] = rootless?.command(run) ?? podman(...run)
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

export const rootlessParts = { ...podmanParts, ...programs('newuidmap', 'setpriv', 'mount') }

/** The first of those that stand for the uids of a container's other users. */
export const firstSubuid = 200_000

/** The podman of an ordinary user, who is known in a mount namespace alone: the machine's list of users stays as it is. */
export class Rootless {
  readonly uid: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'authsock-rootless-'))

  constructor(uid: number) {
    this.uid = uid
    chmodSync(this.#folder, 0o755)
    writeFileSync(
      join(this.#folder, 'passwd'),
      `${readFileSync('/etc/passwd', 'utf8')}lab:x:${uid}:${uid}::${this.#home}:/bin/sh\n`,
    )
    writeFileSync(join(this.#folder, 'group'), `${readFileSync('/etc/group', 'utf8')}lab:x:${uid}:\n`)
    writeFileSync(join(this.#folder, 'subid'), `lab:${firstSubuid}:65536\n`)
    for (const folder of [this.#home, join(this.#home, 'run')]) {
      mkdirSync(folder, { mode: 0o700 })
      chownSync(folder, uid, uid)
    }
  }

  get #home(): string {
    return join(this.#folder, 'home')
  }

  command(args: readonly string[]): readonly string[] {
    const mounts = [
      ['passwd', '/etc/passwd'],
      ['group', '/etc/group'],
      ['subid', '/etc/subuid'],
      ['subid', '/etc/subgid'],
    ]
    const script = mounts.map(([from, to]) => `touch ${to}; mount --bind ${this.#folder}/${from} ${to}; `).join('')
    const as = ['setpriv', `--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups']
    const env = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', `HOME=${this.#home}`, `XDG_RUNTIME_DIR=${this.#home}/run`]
    const podman = ['podman', '--log-level', 'error', '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs']
    return ['unshare', '-m', 'sh', '-c', `${script}${quirk}exec "$@"`, 'sh', ...as, ...env, ...podman, ...args]
  }

  /** It leaves a process that holds its namespace. */
  close(): void {
    const pause = join(this.#home, 'run/libpod/tmp/pause.pid')
    if (existsSync(pause)) spawnSync('kill', ['-9', readFileSync(pause, 'utf8').trim()])
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
