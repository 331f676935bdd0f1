// The failure of a request that waits for a login which only the user can go on with.

import { Failure } from '../core/failures.ts'

/** No browser could be opened: the user is to go there, and the login goes on meanwhile. */
export class LoginAtUrl extends Failure {
  readonly url: string

  constructor(profile: string, url: string) {
    super('login_required', 'a login is needed, and no browser could be opened', { profile, hint: `open ${url}` })
    this.url = url
  }
}
