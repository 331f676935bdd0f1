// What an adapter is given and what it gives back: parse -> ask -> print. The agent implements HelperPorts; the thin client
// carries the rest between the tool and the agent without understanding it.

import type { AwsCredentials, AwsRole } from '../core/credentials/cloud-role.ts'
import type { Failure } from '../core/failures.ts'
import type { UrlPattern } from '../core/credentials/url-pattern.ts'
import type { Redacted } from '../core/redacted.ts'
import type { EpochMs, Target } from '../core/session/session.ts'

/** A tool's call of its helper. */
export interface HelperRequest {
  readonly args: readonly string[]
  /** Of what wire/helper-table.ts names for this helper. */
  readonly env: Readonly<Record<string, string>>
  /** Whole; of a protocol that converses, one line without its end, and none at all in the first request. */
  readonly stdin: string
}

export interface HelperAnswer {
  readonly stdout?: string
  readonly stderr?: string
  /** Default: 0. */
  readonly exit?: number
  /** `more`: the conversation goes on. `pass_on`: this is for the program of the same name that comes next on the PATH. */
  readonly next?: 'more' | 'pass_on'
}

export interface Credential {
  /** What a route or a static secret says; tools that need one get `oauth2` otherwise. */
  readonly username?: string
  readonly value: Redacted<string>
  /** `Bearer` in practice; undefined for a static secret. */
  readonly tokenType?: string
  readonly expiresAt?: EpochMs
  /** Of an access token: what was granted, and what it is for. */
  readonly scope?: readonly string[]
  readonly target?: Target
  readonly from: { readonly kind: 'profile'; readonly profile: string } | { readonly kind: 'secret'; readonly secret: string }
}

export interface HelperPorts {
  now(): EpochMs
  /** By the routes, then by the places of static secrets. Undefined: neither knows the place. Throws a Failure. */
  at(place: UrlPattern): Promise<Credential | undefined>
  /**
   * Of a profile (default: the sole one), or of a static secret of that name. `minTtl` in seconds. At once where it is at hand.
   * Throws (rejects with) a Failure.
   */
  named(name: string | undefined, target?: Target, minTtl?: number): Credential | Promise<Credential>
  /** The ID token that came with a profile's access token. Throws a Failure. */
  idToken(profile: string | undefined): Promise<{ readonly value: Redacted<string>; readonly expiresAt: EpochMs }>
  /** A server refused this credential there: a token is not served again, a static secret that a tool stored is removed. */
  refused(place: UrlPattern, value: string): Promise<void>
  /** Keeps what a tool was given by its user; what authsock itself gave is not kept. `kept`: the name of the secret. */
  keep(place: UrlPattern, value: Redacted<string>, expiresAt?: EpochMs): Promise<{ readonly kept?: string }>
  /** The user is done with a place: what a tool stored for it goes; sessions stay. */
  forget(place: UrlPattern): Promise<void>
  /** Every place with a user name. Whoever lists them picks those that are the tool's. */
  places(): Promise<readonly { readonly place: UrlPattern; readonly username: string }[]>
  /** STS AssumeRoleWithWebIdentity. Throws a Failure. */
  assumeRole(profile: string | undefined, role: AwsRole, token: 'access_token' | 'id_token'): Promise<AwsCredentials>
}

export interface Helper {
  run(request: HelperRequest, ports: HelperPorts): HelperAnswer | Promise<HelperAnswer>
  /** How the tool wants to be told; otherwise on stderr, with the failure's exit code. */
  fail?(failure: Failure, request: HelperRequest): HelperAnswer
  /** Whether the tool says that nobody may be asked. Default: somebody may be. */
  isBatch?(request: HelperRequest): boolean
}
