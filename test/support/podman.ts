// Real containers: podman with an image of busybox, the thin client and a raw socket tool; nothing else is in it.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finished } from './home.ts'
import { nativePrograms } from './programs.ts'
import { findProgram, isLinux, isRoot, programs } from './real-part.ts'

const image = 'localhost/authsock-test:1'
const tools = ['sh', 'ls', 'cat', 'touch', 'rm', 'mv', 'ln', 'id', 'sleep', 'mkdir', 'true', 'seq', 'head']

export const podmanParts = { Linux: isLinux, root: isRoot, ...programs('podman', 'busybox', 'musl-gcc', 'unshare') }

export function makeImage(): void {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-image-'))
  try {
    for (const name of ['bin', 'run/authsock', 'tmp', 'home']) mkdirSync(join(folder, name), { recursive: true })
    copyFileSync(findProgram('busybox') ?? '', join(folder, 'bin/busybox'))
    copyFileSync(join(nativePrograms(), 'authsock-client'), join(folder, 'bin/authsock-client'))
    symlinkSync('authsock-client', join(folder, 'bin/git-credential-authsock'))
    for (const tool of tools) symlinkSync('busybox', join(folder, 'bin', tool))
    const source = fileURLToPath(new URL('raw.c', import.meta.url))
    must('musl-gcc', ['-static', '-Os', '-o', join(folder, 'bin/raw'), source])
    must('tar', ['-C', folder, '-cf', `${folder}.tar`, '.'])
    must('podman', ['import', '-q', `${folder}.tar`, image])
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.tar`, { force: true })
  }
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** A shell script in a container, to its end. `args`: as `authsock share run-args` prints them, and more; without a network but theirs. */
export async function inContainer(script: string, args: readonly string[], stdin = ''): Promise<Finished> {
  const network = args.includes('--network') ? [] : ['--network', 'none']
  const run = ['podman', 'run', '--rm', '-i', ...network, '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']
  // Some machines have both hierarchies of cgroups, which crun does not take.
  const quirk = existsSync('/sys/fs/cgroup/unified') ? 'umount /sys/fs/cgroup/unified; ' : ''
  const command = ['-m', 'sh', '-c', `${quirk}exec "$@"`, 'sh', ...run, ...args, image, '/bin/sh', '-c', script]
  const child = spawn('unshare', command, { stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
