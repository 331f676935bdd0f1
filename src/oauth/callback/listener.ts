// The redirect URI of one login: the first request that is this login's decides it, and its browser is told how that ended. Others are
// refused and change nothing (P2, P5). Afterwards the same address gives the same page for a few seconds, and nothing else.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { timingSafeEqual } from 'node:crypto'
import { Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { listenOnLoopback } from './loopback-server.ts'
import { type PageContent, renderPage } from './page.ts'

export interface Callback {
  /** As the server is told. */
  readonly redirectUri: string
  /** The first request of this login, and the function that tells its browser how it ended. */
  wait(signal: AbortSignal): Promise<Hit>
  /** A redirected URL that the user pasted. Throws bad_request if it is not this login's; the login goes on. */
  take(text: string): void
  close(): void
}

interface Hit {
  readonly url: URL
  readonly respond: (failure: Failure | undefined) => Promise<void>
}

interface CallbackOptions {
  readonly profile: Profile
  readonly state: string
  /** Something that the user at the terminal should know. */
  readonly onProblem: (text: string) => void
}

/** Browsers ask an address twice: ahead of the user, and again for the page. */
const lingerMs = 5_000
/** Of logins that are over; a new one needs their port. */
const lingering = new Set<() => void>()

/** How the login ended, for the page. */
type End = { readonly failure: Failure | undefined }

export async function listenForCallback({ profile, state, onProblem }: CallbackOptions): Promise<Callback> {
  const { promise: hit, resolve: settle, reject: fail } = Promise.withResolvers<Hit>()
  hit.catch(() => {})
  const { promise: ended, resolve: end } = Promise.withResolvers<End>()
  /** The query of the request that counted. */
  let used: string | undefined
  for (const close of lingering) close()
  const server = await listenOnLoopback(profile.redirect, onRequest, () => {
    onProblem('the browser sends too many cookies with the redirect: paste the address that it ended on, or use a private window')
  })
  const { redirectUri } = server

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    try {
      const url = readCallback(request, server.authority, new URL(redirectUri))
      if (!isOurs(url, state) || (used !== undefined && used !== url.search)) throw notOurs()
      if (isPrefetch(request)) return void response.writeHead(503, { 'Cache-Control': 'no-store', Connection: 'close' }).end()
      if (used !== undefined) return void ended.then(({ failure }) => conclude(response, profile, failure))
      used = url.search
      settle({ url, respond: (failure) => conclude(response, profile, failure).finally(() => end({ failure })) })
    } catch (error) {
      const failure = error instanceof Failure ? error : notOurs()
      send(response, failure.status, { kind: 'refused', profile: profile.name, issuer: profile.issuer, failure })
    }
  }

  return {
    redirectUri,
    wait: (signal) => unlessAborted(hit, signal, fail),
    take: (text) => {
      const url = URL.parse(text.trim())
      if (url === null || used !== undefined || !isAt(url, new URL(redirectUri)) || !isOurs(url, state)) {
        throw new Failure('bad_request', 'this is not the address that the browser ended on for this login', {
          hint: `copy the whole address, which begins with ${redirectUri}?`,
        })
      }
      used = url.search
      settle({ url, respond: async (failure) => end({ failure }) })
    },
    close: () => {
      const cancelled = new Failure('login_cancelled', 'the login was cancelled')
      fail(cancelled)
      end({ failure: cancelled })
      server.unref()
      closeLater(() => server.close(), used === undefined ? 0 : lingerMs)
    },
  }
}

function closeLater(close: () => void, delayMs: number): void {
  if (delayMs === 0) return close()
  const closeNow = (): void => {
    clearTimeout(timer)
    lingering.delete(closeNow)
    close()
  }
  const timer = setTimeout(closeNow, delayMs).unref()
  lingering.add(closeNow)
}

async function unlessAborted(hit: Promise<Hit>, signal: AbortSignal, fail: (failure: Failure) => void): Promise<Hit> {
  const cancel = (): void => fail(new Failure('login_cancelled', 'the login was cancelled'))
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await hit
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

const notOurs = (): Failure =>
  new Failure('bad_request', 'this address does not belong to a login that is under way', {
    hint: 'start the login again from the terminal',
  })

/** The Host header keeps out pages that reach loopback under a name of their own (DNS rebinding). */
function readCallback(request: IncomingMessage, authority: string, redirect: URL): URL {
  if (request.headers.host !== authority) throw notOurs()
  if (request.method !== 'GET') throw new Failure('method_not_allowed', 'only GET is answered here')
  const url = URL.parse(request.url ?? '', redirect.origin)
  if (url === null || !isAt(url, redirect)) throw new Failure('not_found', 'there is nothing here')
  return url
}

const isAt = (url: URL, redirect: URL): boolean => url.origin === redirect.origin && url.pathname === redirect.pathname

/** What is fetched ahead of the user may never be shown: the page itself is asked for again. */
const isPrefetch = ({ headers }: IncomingMessage): boolean =>
  ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) => /prefetch|preview|prerender/i.test(String(headers[name] ?? '')))

function isOurs(url: URL, state: string): boolean {
  const [given] = url.searchParams.getAll('state')
  const single = ['state', 'code', 'error', 'iss'].every((name) => url.searchParams.getAll(name).length <= 1)
  if (!single || given === undefined || given.length !== state.length) return false
  if (!url.searchParams.has('code') && !url.searchParams.has('error')) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(state))
}

async function conclude(response: ServerResponse, { name, issuer }: Profile, failure: Failure | undefined): Promise<void> {
  // The window was closed meanwhile: neither finish nor close would be emitted.
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
