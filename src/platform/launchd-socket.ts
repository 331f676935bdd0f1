// The socket that launchd made for this agent, from its property list (autostart/launchd.ts).

import type { Koffi } from './ffi.ts'
import { libc } from './ffi.ts'
import type { InheritedSocket } from './listen.ts'

/** Its name in the property list. */
export const launchdSocketName = 'agent'

/** Undefined if launchd did not start this process, and on other systems. */
export function launchdSocket(): InheritedSocket | undefined {
  const found = process.platform === 'darwin' ? libc() : undefined
  return found === undefined ? undefined : activateSocket(found.libc, found.koffi)
}

/** launch_activate_socket(3) of this library: it allocates the list of descriptors. */
export function activateSocket(library: ReturnType<Koffi['load']>, koffi: Koffi): InheritedSocket | undefined {
  const activate = library.func('int launch_activate_socket(const char *name, _Out_ void **fds, _Out_ size_t *count)')
  const fds: [unknown] = [null]
  const count: [number] = [0]
  if ((activate(launchdSocketName, fds, count) as number) !== 0) return undefined
  const all = koffi.decode(fds[0], 'int', count[0]) as readonly number[]
  const [fd] = all
  library.func('void free(void *)')(fds[0])
  return fd === undefined ? undefined : { fd, isOwn: false }
}
