// Where the listeners get their tokens: from the agent, for each request.

import type { AuthsockClient, TokenAnswer, TokenOptions } from '../../client/index.ts'
import type { HelperCaller } from '../../twin/helper-client.ts'

/** If the server does not tell the lifetime of a token. */
const assumedLifetimeSeconds = 300

export interface Sources {
  /** With the target of the command line. */
  readonly token: () => Promise<TokenAnswer>
  /** For the resource of a request, unless the command line names a target. */
  readonly tokenFor: (resource: string) => Promise<TokenAnswer>
  /** The user of a profile's session. */
  readonly user: (profile: string) => Promise<string | undefined>
  readonly helper: HelperCaller['call']
  /** As an argument of a helper; empty: the default profile. */
  readonly profile: readonly string[]
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function sourcesOf(agent: AuthsockClient, caller: HelperCaller, options: TokenOptions): Sources {
  const { profile, scope, resource, audience } = options
  const hasTarget = scope !== undefined || resource !== undefined || audience !== undefined
  return {
    token: () => agent.token(options),
    tokenFor: (requested) => agent.token(hasTarget ? options : { ...options, resource: requested }),
    user: async (name) => (await agent.session(name)).user,
    helper: (name, args) => caller.call(name, args),
    profile: profile === undefined ? [] : [profile],
    now: () => Math.floor(Date.now() / 1000),
  }
}

/** Seconds since the epoch. */
export const expiryOf = ({ expires_at }: TokenAnswer): number =>
  Math.floor(expires_at ?? Date.now() / 1000 + assumedLifetimeSeconds)
