// L8: protection of the agent's memory: no core dumps, no debugger, no environment variable that loads code into the process or
// weakens TLS. The uid remains the boundary: root, and a debugger attached before this runs, see everything.

import { closeSync, readdirSync } from 'node:fs'
import { Failure } from '../../core/failures.ts'
import { libc } from '../ffi.ts'
import { isSingleFile, selfArguments, selfCommand } from '../self.ts'
import { trustedPath } from './trusted-path.ts'

/**
 * Variables that load code (LD_*, DYLD_*, NODE_OPTIONS ...), open a debugger, write secrets to a file (SSLKEYLOGFILE, NODE_DEBUG)
 * or turn TLS verification off (P19). NODE_EXTRA_CA_CERTS too: a private CA is set in the profile. AUTHSOCK_CLIENT_SECRET is for
 * the command line only (L5).
 */
const dangerous =
  /^(LD_.*|DYLD_.*|NODE_OPTIONS|NODE_DEBUG.*|NODE_V8_COVERAGE|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|NODE_PATH|NODE_REPL_.*|NODE_INSPECT.*|NODE_REDIRECT_WARNINGS|NODE_USE_ENV_PROXY|NODE_COMPILE_CACHE|SSLKEYLOGFILE|SSL_CERT_FILE|SSL_CERT_DIR|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|GCONV_PATH|AUTHSOCK_CLIENT_SECRET|MALLOC_.*|UV_.*)$/

const isDangerous = (name: string): boolean => dangerous.test(name)

/** A copy without the variables that must not reach the agent. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isDangerous(name)))
}

/** From the first instruction on, a SIGUSR1 does not open the inspector (S6): a handler would be there only some 100 ms later. */
export const nodeOptions: readonly string[] = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')
  ? ['--disable-sigusr1']
  : []

const isClean = (): boolean => process.execArgv.join(' ') === nodeOptions.join(' ') && !Object.keys(process.env).some(isDangerous)

/**
 * Executes this program again if it was started with an environment or Node options that must not reach the agent: same pid and
 * descriptors, so that socket activation works. If Node cannot do that (Windows), only removes the variables, so that children do
 * not get them.
 */
export function startClean(): void {
  if (isClean()) return
  const env = cleanEnvironment(process.env)
  const { execve } = process as { execve?: (file: string, argv: readonly string[], env: NodeJS.ProcessEnv) => void }
  if (process.platform !== 'win32' && execve !== undefined) {
    keepPassedSocket(env)
    // Its warning that it is experimental is not for users.
    process.removeAllListeners('warning')
    process.on('warning', () => {})
    const [node, ...program] = selfCommand()
    const options = isSingleFile ? [] : nodeOptions
    execve.call(process, node, [node, ...options, ...program, ...selfArguments()], env)
  }
  for (const name of Object.keys(process.env)) if (isDangerous(name)) delete process.env[name]
}

/** Node has set close-on-exec on the descriptor that systemd passed (sd_listen_fds(3)): without this, execve would close it. */
function keepPassedSocket({ LISTEN_PID: forPid, LISTEN_FDS: count }: NodeJS.ProcessEnv): void {
  if (count === undefined || Number(forPid) !== process.pid) return
  const [firstPassed, setFlags, none] = [3, 2, 0]
  libc()?.libc.func('int fcntl(int, int, int)')(firstPassed, setFlags, none)
}

/**
 * Closes the descriptors inherited from the tool that started the agent: a lock, for example, would stay held for weeks. Node's own
 * descriptors are close-on-exec. Node has set that flag on the first few as well, so these are kept (systemd's sockets among them).
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

/** One that was opened before this runs, by a signal or a debugger, would give every user of the machine the tokens. */
function closeInspector(): void {
  const inspector = process.getBuiltinModule('node:inspector')
  if (inspector.url() === undefined) return
  inspector.close()
  if (inspector.url() !== undefined) {
    throw new Failure('unexpected', 'a debugger is attached to the agent', { hint: 'start the agent without --inspect' })
  }
}

/** Hardens this process. `keep`: an inherited descriptor that is still needed. Throws unexpected if a debugger is listening. */
export function harden(keep?: number): void {
  process.umask(0o077)
  process.env['PATH'] = trustedPath(process.env['PATH'])
  // For a Node without the option.
  if (process.platform !== 'win32') process.on('SIGUSR1', () => {})
  closeInspector()
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
