// Logins by a grant that needs no user. Sessions asks for them and Logins carries them out; since Logins works on Sessions, it is
// connected here after both exist.

import type { Profile } from '../../core/profile.ts'
import type { Logins } from './logins.ts'

export class UnattendedLogins {
  #logins: Pick<Logins, 'logIn'> | undefined

  connect(logins: Pick<Logins, 'logIn'>): void {
    this.#logins = logins
  }

  /** Durable when it resolves. Fails as Logins.logIn does. */
  async logIn(profile: Profile): Promise<void> {
    if (this.#logins === undefined) throw new Error('a session was asked for before the logins were connected')
    const noUser = { onProgress: () => {}, signal: new AbortController().signal }
    await this.#logins.logIn(profile, profile.grant, noUser)
  }
}
