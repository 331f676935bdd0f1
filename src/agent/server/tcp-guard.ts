// Who may speak to a share that listens on TCP: programs that ask this machine by its own names and bring the secret, in every
// request. Wrong ones are counted together, since who sends them is unknown; a right one is served however many they are.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import { Failure } from '../../core/failures.ts'
import type { ShareTcp } from '../../core/access/share.ts'
import { checkOrigin, shareHosts } from '../../platform/loopback-http.ts'
import { isSecret } from '../../platform/loopback-secret.ts'

/** Connections that have not brought the secret yet: the oldest makes room for the next. */
const maxStrangers = 128
/** Wrong secrets that are told so: a burst, and so many a second. The others are told to wait. */
const tries = { burst: 20, perSecond: 5 }
/** Refusals that are written down one by one: a burst, and one a minute. The others are counted. */
const notes = { burst: 20, perSecond: 1 / 60 }

export interface TcpGuardPorts {
  readonly now: () => number
  /** As it is now; undefined: it does not listen any more. */
  readonly tcp: () => ShareTcp | undefined
}

export class TcpGuard {
  readonly #ports: TcpGuardPorts
  readonly #tries: TokenBucket
  readonly #notes: TokenBucket
  readonly #strangers = new Set<Socket>()
  #unwritten = 0

  constructor(ports: TcpGuardPorts) {
    this.#ports = ports
    this.#tries = new TokenBucket(tries.burst, tries.perSecond, ports.now())
    this.#notes = new TokenBucket(notes.burst, notes.perSecond, ports.now())
  }

  connected(socket: Socket): void {
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.delete(socket))
    const [oldest] = this.#strangers
    if (this.#strangers.size > maxStrangers) oldest?.destroy()
  }

  /** Throws peer_denied, unauthorized, too_many_requests. */
  check(request: IncomingMessage): void {
    checkOrigin(request, shareHosts)
    const given = bearer(request.headersDistinct['authorization'])
    const hash = this.#ports.tcp()?.secretHash
    if (given !== undefined && hash !== undefined && isSecret(given, hash)) {
      this.#strangers.delete(request.socket)
      return
    }
    if (!this.#tries.take(this.#ports.now()))
      throw new Failure('too_many_requests', 'too many wrong secrets have come here', { retryAfter: 1 })
    throw new Failure('unauthorized', given === undefined ? 'the secret is missing' : 'the secret is wrong')
  }

  /** What is to be written down of a refusal; undefined where enough is written already. */
  note(failure: Failure): Failure | undefined {
    if (!this.#notes.take(this.#ports.now())) {
      this.#unwritten += 1
      return undefined
    }
    const others = this.#unwritten
    this.#unwritten = 0
    return others === 0 ? failure : new Failure(failure.code, `${failure.message}; ${others} before it are not written down`)
  }
}

/** Of the one Authorization header there may be. */
function bearer(headers: readonly string[] | undefined): string | undefined {
  if (headers?.length !== 1) return undefined
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(headers[0] ?? '')?.[1]
}
