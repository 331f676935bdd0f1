// A git server on loopback, the real `git http-backend` over bare repositories behind a registry's channel, and git as a user runs
// it. Knows nothing of vitest.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runClient } from './clients.ts'
import type { Finished, Home } from './home.ts'
import { nativePrograms } from './programs.ts'
import { type Asked, type Registry, type RegistryOptions, type Reply, startRegistry } from './registry.ts'

/** Repositories, by their paths, each with one commit of a file `about` that holds the path. */
export async function startGitServer(home: Home, repositories: readonly string[], options?: RegistryOptions): Promise<Registry> {
  const root = join(home.path, 'served')
  for (const path of repositories) makeRepository(join(root, path), path)
  return startRegistry(home, (asked) => backend(root, asked), options)
}

export interface GitOptions {
  /** Default: the one on the PATH. */
  readonly program?: string
  readonly stdin?: string
}

/** `git ...` with git-credential-authsock and no other helper. */
export const runGit = (
  home: Home,
  args: readonly string[],
  { program = 'git', stdin = '' }: GitOptions = {},
): Promise<Finished> =>
  runClient(
    home,
    program,
    ['-c', 'credential.helper=', '-c', `credential.helper=${nativePrograms()}/git-credential-authsock`, ...args],
    { env: gitEnv(home), stdin },
  )

/** The user's configuration lies in the home. */
export const gitEnv = (home: Home): NodeJS.ProcessEnv => ({
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: join(home.path, 'gitconfig'),
})

/** Git as the server's owner runs it: none of the user's configuration. */
const environment = (root: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: root,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
})

function makeRepository(folder: string, about: string): void {
  mkdirSync(folder, { recursive: true })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@example.com', ...args], {
      cwd: folder,
      env: environment(folder),
      encoding: 'utf8',
    }).trim()
  git('init', '-q', '--bare', '-b', 'main')
  git('config', 'http.receivepack', 'true')
  writeFileSync(join(folder, 'about'), about)
  const blob = git('hash-object', '-w', 'about')
  git('update-index', '--add', '--cacheinfo', `100644,${blob},about`)
  git('update-ref', 'refs/heads/main', git('commit-tree', git('write-tree'), '-m', 'first'))
}

/** CGI, as git-http-backend(1) says. */
async function backend(root: string, { method, path, body, headers, username }: Asked): Promise<Reply> {
  const { pathname, search } = new URL(path, 'http://localhost')
  const content = Buffer.from(body, 'latin1')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...environment(root),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_LENGTH: String(content.length),
      CONTENT_TYPE: headers['content-type'],
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      HTTP_GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REMOTE_USER: username ?? 'bearer',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(content)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk))
  await once(child, 'close')
  return parse(Buffer.concat(chunks))
}

function parse(output: Buffer): Reply {
  const end = output.indexOf('\r\n\r\n')
  if (end < 0) throw new Error('git http-backend has no answer')
  const fields = output
    .toString('latin1', 0, end)
    .split('\r\n')
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const)
  const { status = '200', 'content-type': type = 'text/plain', ...headers } = Object.fromEntries(fields)
  return { status: Number.parseInt(status, 10), type, headers, body: output.subarray(end + 4) }
}
