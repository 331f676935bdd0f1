// Where the listeners get what they give out: the agent, asked anew for each request.

import type { AuthsockClient, TokenAnswer, TokenOptions } from '../../client/index.ts'
import type { HelperCaller } from '../../twin/helper-client.ts'

/** Seconds for which a token is taken to be good where its server does not say. */
const assumed = 300

export interface Sources {
  /** As the command line says. */
  readonly token: () => Promise<TokenAnswer>
  /** For the resource that a program asks for, where the command line names no target of its own. */
  readonly tokenFor: (resource: string) => Promise<TokenAnswer>
  /** A name for people, of a profile. */
  readonly user: (profile: string) => Promise<string | undefined>
  readonly helper: HelperCaller['call']
  /** The profile as an argument of a helper. */
  readonly profile: readonly string[]
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function sourcesOf(agent: AuthsockClient, caller: HelperCaller, options: TokenOptions): Sources {
  const { profile, scope, resource, audience } = options
  const hasTarget = scope !== undefined || resource !== undefined || audience !== undefined
  return {
    token: () => agent.token(options),
    tokenFor: (asked) => agent.token(hasTarget ? options : { ...options, resource: asked }),
    user: async (name) => (await agent.session(name)).user,
    helper: (name, args) => caller.call(name, args),
    profile: profile === undefined ? [] : [profile],
    now: () => Math.floor(Date.now() / 1000),
  }
}

/** Seconds since the epoch. */
export const expiryOf = ({ expires_at }: TokenAnswer): number => Math.floor(expires_at ?? Date.now() / 1000 + assumed)
