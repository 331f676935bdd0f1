// Which profile is meant if none is named: the one answer, for the agent and for every command.

import type { Config } from './config.ts'

/** `default_profile`, else the only profile that config.toml defines. Undefined: the user has to say. */
export function defaultProfileName({ profiles, invalidProfiles, defaultProfile }: Config): string | undefined {
  if (defaultProfile !== undefined) return defaultProfile
  return profiles.size + invalidProfiles.size === 1 ? profiles.keys().next().value : undefined
}
