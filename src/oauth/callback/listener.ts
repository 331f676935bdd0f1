// The loopback listener of one login (P6): a literal address, the profile's port or any, closed after one valid hit, on
// time-out and on cancel. A hit that is not this login's is refused and changes nothing (P2, P5).

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { timingSafeEqual } from 'node:crypto'
import { Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { renderPage, type PageContent } from './page.ts'

export interface Callback {
  readonly redirectUri: string
  /** The first hit of this login, and the function that tells its browser how it ended. */
  wait(signal: AbortSignal): Promise<Hit>
  /** A redirected URL that the user pasted. Throws bad_request where it is not this login's; the login goes on. */
  take(text: string): void
  close(): void
}

interface Hit {
  readonly url: URL
  readonly respond: (failure: Failure | undefined) => Promise<void>
}

export async function listenForCallback({
  profile,
  state,
}: {
  readonly profile: Profile
  readonly state: string
}): Promise<Callback> {
  const { host, port: wanted, path } = profile.redirect
  const { promise: hit, resolve: settle, reject: fail } = Promise.withResolvers<Hit>()
  hit.catch(() => {})
  let used = false
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 5_000,
    requestTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 1_000,
  })
  server.maxConnections = 32
  server.on('request', (request, response) => {
    try {
      const url = readCallback(request, authority, path)
      if (used || !isOurs(url, state)) throw notOurs()
      used = true
      settle({ url, respond: (failure) => conclude(response, profile, failure) })
    } catch (error) {
      const failure = error instanceof Failure ? error : notOurs()
      send(response, failure.status, { kind: 'refused', profile: profile.name, issuer: profile.issuer, failure })
    }
  })
  const listening = once(server, 'listening')
  server.listen({ host, port: wanted })
  try {
    await listening
  } catch (error) {
    throw new Failure('login_failed', `port ${wanted} of ${host} is taken: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'stop what uses it, or change `redirect` in the profile',
      cause: error,
    })
  }
  const { port } = server.address() as AddressInfo
  const authority = `${host === '::1' ? '[::1]' : host}:${port}`
  const redirectUri = `http://${authority}${path}`

  return {
    redirectUri,
    wait: async (signal) => {
      const cancel = (): void => fail(new Failure('login_cancelled', 'the login was cancelled'))
      if (signal.aborted) cancel()
      signal.addEventListener('abort', cancel, { once: true })
      try {
        return await hit
      } finally {
        signal.removeEventListener('abort', cancel)
      }
    },
    take: (text) => {
      const url = URL.parse(text.trim())
      if (url === null || used || `${url.origin}${url.pathname}` !== redirectUri || !isOurs(url, state)) {
        throw new Failure('bad_request', 'this is not the address that the browser ended on for this login', {
          hint: `copy the whole address, which begins with ${redirectUri}?`,
        })
      }
      used = true
      settle({ url, respond: async () => {} })
    },
    close: () => {
      fail(new Failure('login_cancelled', 'the login was cancelled'))
      server.close()
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 1_000).unref()
    },
  }
}

const notOurs = (): Failure =>
  new Failure('bad_request', 'this address does not belong to a login that is under way', {
    hint: 'start the login again from the terminal',
  })

/** The Host header keeps out pages that reach loopback under a name of their own (DNS rebinding). */
function readCallback(request: IncomingMessage, authority: string, path: string): URL {
  if (request.headers.host !== authority) throw notOurs()
  if (request.method !== 'GET') throw new Failure('method_not_allowed', 'only GET is answered here')
  const url = URL.parse(request.url ?? '', `http://${authority}`)
  if (url === null || url.pathname !== path) throw new Failure('not_found', 'there is nothing here')
  return url
}

function isOurs(url: URL, state: string): boolean {
  const [given] = url.searchParams.getAll('state')
  const single = ['state', 'code', 'error', 'iss'].every((name) => url.searchParams.getAll(name).length <= 1)
  if (!single || given === undefined || given.length !== state.length) return false
  if (!url.searchParams.has('code') && !url.searchParams.has('error')) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(state))
}

async function conclude(response: ServerResponse, { name, issuer }: Profile, failure: Failure | undefined): Promise<void> {
  // The window was closed meanwhile: there is nobody to tell, and nothing would ever finish.
  if (response.destroyed) return
  const told = Promise.race([once(response, 'finish'), once(response, 'close')])
  const about = { profile: name, issuer }
  send(
    response,
    failure === undefined ? 200 : 400,
    failure === undefined ? { kind: 'done', ...about } : { kind: 'failed', ...about, failure },
  )
  await told
}

function send(response: ServerResponse, status: number, content: PageContent): void {
  const { html, policy } = renderPage(content)
  response
    .writeHead(status, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': policy,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Opener-Policy': 'same-origin',
      Connection: 'close',
    })
    .end(html)
}
