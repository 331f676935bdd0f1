// What each grant can do: the only place that tells grants apart. oauth/grants/ holds how each of them gets its tokens.

/** How a session gets its first tokens. */
export type Grant = 'authorization_code' | 'device_code' | 'client_credentials'

/** A field of a profile that a grant cannot do without. */
type RequiredField = 'clientAuthentication'

interface GrantTraits {
  /** A user takes part: it is started by a login command and never by the agent itself. */
  readonly isInteractive: boolean
  /** What gets the next access token: the session's refresh token, or the grant again. */
  readonly renewedBy: 'refresh_token' | 'grant'
  readonly requires: readonly RequiredField[]
}

const table: Readonly<Record<Grant, GrantTraits>> = {
  authorization_code: { isInteractive: true, renewedBy: 'refresh_token', requires: [] },
  device_code: { isInteractive: true, renewedBy: 'refresh_token', requires: [] },
  client_credentials: { isInteractive: false, renewedBy: 'grant', requires: ['clientAuthentication'] },
}

export const grants = Object.keys(table) as readonly Grant[]

export const isInteractive = (grant: Grant): boolean => table[grant].isInteractive

export const renewedBy = (grant: Grant): GrantTraits['renewedBy'] => table[grant].renewedBy

export const requires = (grant: Grant, field: RequiredField): boolean => table[grant].requires.includes(field)
