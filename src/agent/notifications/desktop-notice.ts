// Shows a notification on the desktop, by the program that config.toml names or the system's own.

import { notify } from '../../platform/desktop/notify.ts'
import type { Profiles } from '../sessions/profiles.ts'
import type { NotifierPorts } from './notifier.ts'

export const desktopNotice =
  (profiles: Pick<Profiles, 'config'>): NotifierPorts['tell'] =>
  (title, text) => {
    void profiles.config().then(
      ({ notify: command }) => notify(command, title, text),
      () => notify(undefined, title, text),
    )
  }
