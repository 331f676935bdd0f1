// The programs that watch logind's signals on the system bus, and ask it who owns a session; tried in this order.

const destination = 'org.freedesktop.login1'
const session = `${destination}.Session`
export interface LogindMonitor {
  /** The command that prints the signals of logind. */
  readonly watch: readonly string[]
  /** The command that prints the owner of a session (an object path). */
  readonly owner: (path: string) => readonly string[]
  /** Parses the output line by line; gives the path of a session whose screen was locked. */
  readonly reader: () => (line: string) => string | undefined
}

const gdbus: LogindMonitor = {
  watch: ['gdbus', 'monitor', '--system', '--dest', destination],
  owner: (path) => [
    'gdbus',
    'call',
    '--system',
    '--timeout',
    '4',
    '--dest',
    destination,
    '--object-path',
    path,
    '--method',
    'org.freedesktop.DBus.Properties.Get',
    session,
    'User',
  ],
  reader: () => (line) => {
    const [, path, what = ''] = /^(\/[\w/]+): org\.freedesktop\.(.*)$/.exec(line) ?? []
    const isLock = what === 'login1.Session.Lock ()'
    const isHint = what.startsWith(`DBus.Properties.PropertiesChanged ('${session}'`) && what.includes("'LockedHint': <true>")
    return isLock || isHint ? path : undefined
  },
}

const dbusMonitor: LogindMonitor = {
  watch: ['dbus-monitor', '--system', `type='signal',sender='${destination}'`],
  owner: (path) => [
    'dbus-send',
    '--system',
    '--print-reply',
    '--reply-timeout=4000',
    `--dest=${destination}`,
    path,
    'org.freedesktop.DBus.Properties.Get',
    `string:${session}`,
    'string:User',
  ],
  reader: () => {
    let at: { readonly path: string; readonly isChange: boolean } | undefined
    let isHint = false
    return (line) => {
      const [, path, interfaceName, member] = /^signal .* path=([^;]+); interface=([^;]+); member=(\w+)$/.exec(line) ?? []
      if (path !== undefined) {
        at = { path, isChange: member === 'PropertiesChanged' }
        isHint = false
        return interfaceName === session && member === 'Lock' ? path : undefined
      }
      const wasHint = isHint
      isHint = line.trim() === 'string "LockedHint"'
      return wasHint && at?.isChange === true && /\bboolean true$/.test(line) ? at.path : undefined
    }
  },
}

export const logindMonitors: readonly LogindMonitor[] = [gdbus, dbusMonitor]
