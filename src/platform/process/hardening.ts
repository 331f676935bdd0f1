// L8: the agent's memory is nobody else's business. No core dumps, no debugger, nothing in the environment that loads code
// into it or weakens TLS. The uid remains the boundary: root, and a debugger attached before this ran, see everything.

import { closeSync, readdirSync } from 'node:fs'
import { libc } from '../ffi.ts'

/**
 * Loads code (LD_*, DYLD_*, NODE_OPTIONS ...), opens a debugger, writes secrets out (SSLKEYLOGFILE, NODE_DEBUG), or turns TLS
 * verification off (P19). NODE_EXTRA_CA_CERTS goes too: a private CA is named in the profile. So does what the command line
 * takes a client secret from: it is in the vault, and no business of a process that lives for weeks (L5).
 */
const dangerous =
  /^(LD_.*|DYLD_.*|NODE_OPTIONS|NODE_DEBUG.*|NODE_V8_COVERAGE|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|NODE_PATH|NODE_REPL_.*|NODE_INSPECT.*|NODE_REDIRECT_WARNINGS|NODE_USE_ENV_PROXY|NODE_COMPILE_CACHE|SSLKEYLOGFILE|SSL_CERT_FILE|SSL_CERT_DIR|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|GCONV_PATH|AUTHSOCK_CLIENT_SECRET|MALLOC_.*|UV_.*)$/

const isDangerous = (name: string): boolean => dangerous.test(name)

/** A copy without what may not reach the agent. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isDangerous(name)))
}

const isClean = (): boolean => process.execArgv.length === 0 && !Object.keys(process.env).some(isDangerous)

/**
 * Starts this process anew where it was started with an environment or options that may not reach the agent: same pid, same
 * descriptors, so that socket activation goes on to work. Where Node cannot do that (Windows), the names are removed from the
 * environment, which is all that children see.
 */
export function startClean(): void {
  if (isClean()) return
  const env = cleanEnvironment(process.env)
  const { execve } = process as { execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => void }
  if (process.platform !== 'win32' && execve !== undefined) {
    // execve closes nothing that sd_listen_fds needs, and warns that it is experimental: that is not the user's concern.
    process.removeAllListeners('warning')
    process.on('warning', () => {})
    execve.call(process, process.execPath, [process.execPath, ...process.argv.slice(1)], env)
  }
  for (const name of Object.keys(process.env)) if (isDangerous(name)) delete process.env[name]
}

/**
 * What a tool had open when it started an agent (a lock, most of all) is not to stay so for weeks. Node's own descriptors close
 * when another program is executed; the first few, sockets of systemd's among them, it has set so whosever they are.
 */
function closeInherited(library: NonNullable<ReturnType<typeof libc>>['libc'], keep: number | undefined): void {
  const [getFlags, closesOnExec, firstFew] = [1, 1, 16]
  const flagsOf = library.func('int fcntl(int, int)')
  const folder = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'
  for (const fd of readdirSync(folder).map(Number)) {
    if (fd < firstFew || fd === keep) continue
    const flags = flagsOf(fd, getFlags) as number
    if (flags >= 0 && (flags & closesOnExec) === 0) closeSync(fd)
  }
}

/** Of this process, from now on. `keep`: a descriptor that it was given to read from. */
export function harden(keep?: number): void {
  process.umask(0o077)
  // A handler keeps Node from opening its inspector on SIGUSR1.
  if (process.platform !== 'win32') process.on('SIGUSR1', () => {})
  const found = libc()
  if (found === undefined) return
  closeInherited(found.libc, keep)
  const rlimitCore = 4
  found.libc.func('int setrlimit(int, void *)')(rlimitCore, Buffer.alloc(16))
  if (process.platform === 'linux') {
    const prSetDumpable = 4
    found.libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')(prSetDumpable, 0, 0, 0, 0)
  }
  if (process.platform === 'darwin') {
    const ptDenyAttach = 31
    found.libc.func('int ptrace(int, int, void *, int)')(ptDenyAttach, 0, null, 0)
  }
}
