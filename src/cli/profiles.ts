// Which profile a command means.

import type { SessionStatus } from '../client/index.ts'
import { Failure } from '../core/failures.ts'
import { closest } from '../core/util/closest.ts'
import { defined } from '../core/util/defined.ts'
import type { Config } from '../config/config.ts'
import { defaultProfileName } from '../config/default-profile.ts'
import type { Context } from './context.ts'

export const profileRequired = (command: string, alternative?: string): Failure =>
  new Failure('profile_required', `${command} needs a profile`, {
    hint: `name it (\`authsock ${command} PROFILE\`), set AUTHSOCK_PROFILE, or choose a default: \`authsock profile default PROFILE\`${alternative === undefined ? '' : `; ${alternative}`}`,
  })

/** With the profile that was probably meant, if the name looks like a typing error. */
export function unknownProfile(name: string, { profiles }: Pick<Config, 'profiles'>): Failure {
  const close = closest(name, profiles.keys())
  const hint = close === undefined ? undefined : `did you mean '${close}'?`
  return new Failure('unknown_profile', `there is no profile '${name}'`, { profile: name, ...defined({ hint }) })
}

/** Of a command that names none: AUTHSOCK_PROFILE, else what config.toml says. */
export const impliedProfile = ({ env }: Context, config: Config): string | undefined =>
  environmentProfile(env) ?? defaultProfileName(config)

/** The profile that this terminal or script has chosen. */
export function environmentProfile(env: NodeJS.ProcessEnv): string | undefined {
  const name = env['AUTHSOCK_PROFILE']
  return name === undefined || name === '' ? undefined : name
}

/** Why two profiles may log each other out (L14). */
export const sharedLoginNote =
  'some servers (Dex) keep one refresh token for each user and client: a login to one of these profiles then ends the other session'
export const sharedLoginHint = 'use one profile, or register a second client'

/** Other profiles that are logged in with the same client, and as the same user as far as that is known. */
export const sharingLogin = (session: SessionStatus, sessions: readonly SessionStatus[]): readonly string[] =>
  sessions
    .filter(
      ({ profile, issuer, client_id: client, subject, logged_in_at: loggedInAt }) =>
        profile !== session.profile &&
        issuer === session.issuer &&
        client === session.client_id &&
        loggedInAt !== undefined &&
        (subject === session.subject || subject === undefined || session.subject === undefined),
    )
    .map(({ profile }) => profile)
