// The profiles of config.toml, and the authorization server of each. The file is checked for changes at most once a second, after
// `expire()`, and before a profile is reported as unknown.

import { Failure } from '../../core/failures.ts'
import type { AuthorizationServer, ConnectAuthorizationServer, RecordStore } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import { type Redacted, redact } from '../../core/redacted.ts'
import { defaultProfileName } from '../../config/default-profile.ts'
import type { Config } from '../../config/config.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import { latestGeneration } from './session-store.ts'

const secretPrefix = 'client-secret.'
/** For this long config.toml is not checked again. */
const freshForMs = 1000

interface Connected {
  readonly profile: Profile
  readonly server: AuthorizationServer
}

export class Profiles {
  readonly #file: Pick<ConfigFile, 'path' | 'current' | 'problem'>
  readonly #records: RecordStore
  readonly #connect: ConnectAuthorizationServer
  readonly #now: () => number
  readonly #servers = new Map<string, Connected>()
  #config: Config | undefined
  #readAt = -Infinity
  /** Counts what `expire` was called for: what was read before it does not count afterwards. */
  #generation = 0
  /** One read after the other: an earlier one does not end after a later one. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(
    file: Pick<ConfigFile, 'path' | 'current' | 'problem'>,
    records: RecordStore,
    connect: ConnectAuthorizationServer,
    now: () => number,
  ) {
    this.#file = file
    this.#records = records
    this.#connect = connect
    this.#now = now
  }

  get path(): string {
    return this.#file.path
  }

  /** The profile if it is known without access to the disk, as it is for nearly every request. */
  known(name: string | undefined): Profile | undefined {
    if (this.#config === undefined || !this.#isFresh()) return undefined
    return name === undefined ? defaultProfile(this.#config) : this.#config.profiles.get(name)
  }

  /** Synchronous if the file was checked within the last second. Throws (rejects with) config_invalid. */
  configNow(): Config | Promise<Config> {
    return this.#config !== undefined && this.#isFresh() ? this.#config : this.#read()
  }

  /** Throws unknown_profile, profile_required, config_invalid. */
  async profile(name: string | undefined): Promise<Profile> {
    const known = this.known(name)
    if (known !== undefined) return known
    const config = await this.#read()
    const names = [...config.profiles.keys(), ...config.invalidProfiles.keys()]
    if (name === undefined) {
      const sole = defaultProfile(config)
      if (sole !== undefined) return sole
      const invalid = config.invalidProfiles.get(config.defaultProfile ?? (names.length === 1 ? (names[0] ?? '') : ''))
      if (invalid !== undefined) throw invalid
      throw names.length === 0
        ? new Failure('unknown_profile', 'there are no profiles yet', {
            hint: '`authsock login https://ISSUER --client-id ID` makes one',
          })
        : new Failure('profile_required', `no profile was named; there are ${names.join(', ')}`)
    }
    const profile = config.profiles.get(name)
    if (profile !== undefined) return profile
    const invalid = config.invalidProfiles.get(name)
    if (invalid !== undefined) throw invalid.of(name)
    throw new Failure(
      'unknown_profile',
      `there is no profile '${name.slice(0, 64)}'${names.length === 0 ? '' : `, only ${names.join(', ')}`}`,
      {
        profile: name,
        ...(names.length === 0 ? { hint: '`authsock login https://ISSUER --client-id ID` makes one' } : {}),
      },
    )
  }

  /** Throws config_invalid. */
  async config(): Promise<Config> {
    return this.#config !== undefined && this.#isFresh() ? this.#config : this.#read()
  }

  async all(): Promise<readonly Profile[]> {
    return [...(await this.config()).profiles.values()]
  }

  /** What is wrong with config.toml now. */
  get problem(): string | undefined {
    return this.#file.problem
  }

  /** The next request checks the file for changes. */
  expire(): void {
    this.#readAt = -Infinity
    this.#generation += 1
  }

  /** R21: what stands in the file now counts when this resolves. Throws config_invalid. */
  async reload(): Promise<void> {
    this.expire()
    await this.config()
  }

  server(profile: Profile): AuthorizationServer {
    const connected = this.#servers.get(profile.name)
    if (connected?.profile === profile) return connected.server
    const server = this.#connect(profile, () => this.clientSecret(profile.name))
    this.#servers.set(profile.name, { profile, server })
    return server
  }

  /** Kept in the store; no request returns it (L2). */
  async setClientSecret(profile: string, secret: string): Promise<void> {
    const id = secretPrefix + profile
    const generation = await latestGeneration(this.#records, id, this.#now())
    await this.#records.write(id, generation + 1, new TextEncoder().encode(secret))
  }

  async removeClientSecret(profile: string): Promise<void> {
    await this.#records.remove(secretPrefix + profile)
  }

  /** Only for requests to the profile's server. */
  async clientSecret(profile: string): Promise<Redacted<string> | undefined> {
    const sealed = await this.#records.read(secretPrefix + profile)
    return sealed === undefined ? undefined : redact(new TextDecoder().decode(sealed.content.reveal()))
  }

  #isFresh(): boolean {
    const age = this.#now() - this.#readAt
    return age >= 0 && age < freshForMs
  }

  async #read(): Promise<Config> {
    for (;;) {
      const generation = this.#generation
      const reading = this.#reading.then(() => this.#file.current())
      this.#reading = reading.catch(() => {})
      const config = await reading
      if (generation !== this.#generation) continue
      this.#config = config
      this.#readAt = this.#now()
      return config
    }
  }
}

const defaultProfile = (config: Config): Profile | undefined => config.profiles.get(defaultProfileName(config) ?? '')
