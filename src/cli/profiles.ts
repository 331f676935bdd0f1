// Which profile a command means.

import { Failure } from '../core/failures.ts'
import type { Config } from '../config/config.ts'

export const profileRequired = (command: string, alternative?: string): Failure =>
  new Failure('profile_required', `${command} needs a profile`, {
    hint: `name it: \`authsock ${command} PROFILE\`${alternative === undefined ? '' : `; ${alternative}`}`,
  })

export const unknownProfile = (name: string): Failure =>
  new Failure('unknown_profile', `there is no profile '${name}'`, { profile: name })

/** The default profile, or the only one. */
export const defaultProfileOf = ({ profiles, defaultProfile }: Config): string | undefined =>
  defaultProfile ?? (profiles.size === 1 ? [...profiles.keys()][0] : undefined)
