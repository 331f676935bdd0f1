// The interface of an adapter: parse -> ask -> print. The agent implements HelperPorts. The thin client carries requests and answers
// between the tool and the agent without parsing them.

import type { AwsCredentials, AwsRole } from '../core/credentials/cloud-role.ts'
import type { Failure } from '../core/failures.ts'
import type { UrlPattern } from '../core/credentials/url-pattern.ts'
import type { Redacted } from '../core/redacted.ts'
import type { EpochMs, Target } from '../core/session/session.ts'

/** One call of a helper by its tool. */
export interface HelperRequest {
  readonly args: readonly string[]
  /** The variables that wire/helper-table.ts lists for this helper. */
  readonly env: Readonly<Record<string, string>>
  /** All of stdin. In a protocol of many requests: one line without its end, and nothing in the first call. */
  readonly stdin: string
}

export interface HelperAnswer {
  readonly stdout?: string
  readonly stderr?: string
  /** Default: 0. */
  readonly exit?: number
  /** `more`: the tool will send another request. `pass_on`: run the next program of the same name on the PATH instead. */
  readonly next?: 'more' | 'pass_on'
}

export interface Credential {
  /** From the route or static secret; format.ts has a default for tools that need one. */
  readonly username?: string
  readonly value: Redacted<string>
  /** `Bearer` in practice; undefined for a static secret. */
  readonly tokenType?: string
  readonly expiresAt?: EpochMs
  /** Access tokens only: the granted scopes, and the resource or audience. */
  readonly scope?: readonly string[]
  readonly target?: Target
  readonly from: { readonly kind: 'profile'; readonly profile: string } | { readonly kind: 'secret'; readonly secret: string }
}

export interface HelperPorts {
  now(): EpochMs
  /** The credential for a URL: by route, otherwise by the URL of a static secret. Undefined if neither matches. Throws a Failure. */
  at(url: UrlPattern): Promise<Credential | undefined>
  /**
   * The token of a profile (default: the only one), or the static secret of that name. `minTtl` in seconds. Synchronous if the token
   * is cached. Throws (rejects with) a Failure.
   */
  named(name: string | undefined, target?: Target, minTtl?: number): Credential | Promise<Credential>
  /** The ID token of a profile's session. Throws a Failure. */
  idToken(profile: string | undefined): Promise<{ readonly value: Redacted<string>; readonly expiresAt: EpochMs }>
  /** The server at this URL refused the credential: a token is not served again; a static secret stored by a tool is removed. */
  refused(url: UrlPattern, value: string): Promise<void>
  /** Stores a credential that the user gave to a tool; ignores one that authsock issued. `kept`: the name of the secret. */
  keep(url: UrlPattern, value: Redacted<string>, expiresAt?: EpochMs): Promise<{ readonly kept?: string }>
  /** Removes what tools stored for this URL; sessions stay. */
  forget(url: UrlPattern): Promise<void>
  /** Every URL for which `at` would give a credential now, without a login or an approval, with its user name. */
  available(): Promise<readonly { readonly url: UrlPattern; readonly username: string }[]>
  /** STS AssumeRoleWithWebIdentity. Throws a Failure. */
  assumeRole(profile: string | undefined, role: AwsRole, token: 'access_token' | 'id_token'): Promise<AwsCredentials>
}

export interface Helper {
  run(request: HelperRequest, ports: HelperPorts): HelperAnswer | Promise<HelperAnswer>
  /** The failure in the tool's protocol, if it depends on the request. Default: the form in wire/helper-table.ts. */
  fail?(failure: Failure, request: HelperRequest): HelperAnswer
  /** True if the tool forbids prompts in this call. Default: false. */
  isBatch?(request: HelperRequest): boolean
}
