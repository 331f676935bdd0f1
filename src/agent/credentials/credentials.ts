// Credentials for helpers: the port that each call of a helper is given.

import type { HelperPorts } from '../../helpers/ports.ts'
import type { RequestContext } from '../access/request-context.ts'
import { CredentialMemory } from './credential-memory.ts'
import { type CredentialsPorts, HelperCredentials } from './helper-credentials.ts'

export class Credentials {
  readonly #ports: CredentialsPorts
  readonly #memory = new CredentialMemory()

  constructor(ports: CredentialsPorts) {
    this.#ports = ports
    // A role's credentials are those of a session: they end with it, and another user's are others.
    ports.events.subscribe(({ type }) => {
      if (type === 'logged_in' || type === 'logged_out' || type === 'login_required') this.forgetAll()
    })
  }

  /** What one call of a helper may use. */
  for(context: RequestContext): HelperPorts {
    return new HelperCredentials(this.#ports, this.#memory, context)
  }

  /** Nothing that was obtained while the vault was open is kept when it is locked. */
  forgetAll(): void {
    this.#memory.roles.clear()
  }
}
