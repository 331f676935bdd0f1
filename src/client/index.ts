/**
 * The client library, for authors of command lines and tools that would otherwise keep a token file of their own. It talks to the user's
 * agent over its socket and starts an agent if none listens.
 *
 * @example
 * ```ts
 * import { connect, Failure } from 'authsock/client'
 *
 * const authsock = await connect()
 * try {
 *   const { access_token, token_type } = await authsock.token({ profile: 'work', minTtl: 60 })
 *   await fetch('https://api.example.com/', { headers: { authorization: `${token_type} ${access_token}` } })
 * } catch (error) {
 *   if (!(error instanceof Failure)) throw error
 *   console.error(`${error.message}\nhint: ${error.hint}`)
 *   process.exitCode = error.exitCode
 * } finally {
 *   authsock.close()
 * }
 * ```
 *
 * Every method rejects with a {@link Failure}, whose `code` is stable. Names of messages are those of the protocol (snake_case); instants
 * are seconds since the epoch, durations are seconds.
 *
 * @module
 */

import { AuthsockClient } from './authsock-client.ts'
import { connectTransport } from './connection.ts'
import type { ConnectOptions } from './options.ts'

export { exitCodes, Failure } from '../core/failures.ts'
export type { FailureCode, FailureDetails } from '../core/failures.ts'
export type { Grant } from '../core/grant.ts'
export type {
  AgentStatus,
  ApprovalAnswer,
  ApprovalReply,
  ApprovalStatus,
  EventMessage,
  LoginMessage,
  LogoutAnswer,
  MasterKeyRequest,
  Problem,
  SecretRequest,
  SecretStatus,
  SessionState,
  SessionStatus,
  ShareRequest,
  ShareStatus,
  TokenAnswer,
  VaultStatus,
} from '../wire/messages.ts'
export type { AuthsockClient } from './authsock-client.ts'
export type { ConnectOptions, LoginConversation, LoginOptions, TokenOptions } from './options.ts'

/**
 * Makes a client. Nothing is sent, and no agent is started, before the first request.
 *
 * @throws {Failure} `bad_request`, `insecure_url`: `socket` (or `$AUTHSOCK`) is neither an absolute path nor a share's URL on this machine.
 * @example
 * ```ts
 * const authsock = await connect({ start: false })
 * const { sessions } = await authsock.status()
 * authsock.close()
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<AuthsockClient> {
  return new AuthsockClient(connectTransport(options))
}
