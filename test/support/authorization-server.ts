// A real authorization server for tests and the demo: oidc-provider on loopback, with rotation and reuse detection as its
// users run it, a count of what reaches its token endpoint, and a browser's part played by fetch. Knows nothing of vitest.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Adapter, type AdapterPayload, type Configuration, type JWK, Provider } from 'oidc-provider'

export interface AuthorizationServerOptions {
  /** Seconds an access token lives, asked for each. Default: 3600. */
  readonly accessTokenTtl?: number | (() => number)
  /** Whether refresh tokens are single-use; reuse then revokes the grant. Default: true. */
  readonly rotate?: boolean
  /** ms before the token endpoint answers. */
  readonly delay?: number | (() => number)
  readonly port?: number
  /** Seconds between polls of the device flow. oidc-provider's own is 5. */
  readonly deviceInterval?: number
  readonly requirePushedAuthorization?: boolean
  /** Whether it gives any. */
  readonly refreshTokens?: boolean
  /** Whether clients can register themselves (RFC 7591). */
  readonly registration?: boolean
}

interface TokenRequest {
  readonly grantType: string
  /** SHA-256 of the refresh token, so that a test can count without holding one. */
  readonly refreshTokenDigest: string | undefined
  readonly parameters: URLSearchParams
  status: number
}

/** Answers in place of the provider; false: leaves the request to it. */
type Intercept = (request: IncomingMessage, response: ServerResponse, body: string) => boolean

export interface AuthorizationServer {
  readonly issuer: string
  /** A public native client: any loopback port, code and device flow. */
  readonly clientId: string
  readonly basicClient: { readonly clientId: string; readonly clientSecret: string }
  readonly postClient: { readonly clientId: string; readonly clientSecret: string }
  /** All that reached the token endpoint. */
  readonly requests: readonly TokenRequest[]
  /** Refreshes at the token endpoint at one time, at most. */
  readonly maxInFlight: number
  readonly refreshes: number
  /** Every refresh token that is or was valid: what no file, argument or log may hold. */
  readonly refreshTokens: ReadonlySet<string>
  /** Takes the next requests to the token endpoint, until it returns false. */
  intercept: Intercept | undefined
  /** As a user who opens the page with the code and agrees. */
  approveDevice(verificationUriComplete: string): Promise<void>
  /** As a browser that is sent to the authorization endpoint: logs in, agrees, and gives the redirect that it ends on. */
  authorize(url: string, choice?: 'agree' | 'decline'): Promise<string>
  revokeAll(): Promise<void>
  /** Replaces the signing key. */
  rotateKeys(): Promise<void>
  close(): Promise<void>
}

const clientId = 'authsock-test'
const basicClient = { clientId: 'basic-client', clientSecret: 'basic secret/with:odd&characters' }
const postClient = { clientId: 'post-client', clientSecret: 'post-secret-1234567890' }

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const http = createServer()
  http.listen(options.port ?? 0, '127.0.0.1')
  await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const lab = new Lab(http, issuer, options)
  await lab.start()
  return lab
}

class Lab implements AuthorizationServer {
  readonly issuer: string
  readonly clientId = clientId
  readonly basicClient = basicClient
  readonly postClient = postClient
  readonly requests: TokenRequest[] = []
  maxInFlight = 0
  readonly refreshTokens = new Set<string>()
  intercept: Intercept | undefined
  readonly #http: Server
  readonly #options: AuthorizationServerOptions
  readonly #store = new Map<string, Stored>()
  #callback: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined
  #inFlight = 0
  #keyNumber = 0

  constructor(http: Server, issuer: string, options: AuthorizationServerOptions) {
    this.#http = http
    this.issuer = issuer
    this.#options = options
  }

  get refreshes(): number {
    return this.requests.filter(({ grantType }) => grantType === 'refresh_token').length
  }

  async start(): Promise<void> {
    await this.rotateKeys()
    this.#http.on('request', (request, response) => {
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async rotateKeys(): Promise<void> {
    const { generateKeyPair, exportJWK } = await import('jose')
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    this.#keyNumber += 1
    const key = { ...(await exportJWK(privateKey)), kid: `key-${this.#keyNumber}`, use: 'sig', alg: 'RS256' }
    const provider = new Provider(this.issuer, configuration(this.#options, this.#store, key, this.refreshTokens))
    this.#callback = provider.callback()
  }

  async revokeAll(): Promise<void> {
    this.#store.clear()
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  async approveDevice(verificationUriComplete: string): Promise<void> {
    const browser = new Browser(this.issuer)
    let page = await browser.open(verificationUriComplete)
    // The code is confirmed, then comes the login, then the consent, then the end.
    for (let step = 0; step < 6 && !/success/i.test(page.text.match(/<title>(.*?)<\/title>/)?.[1] ?? ''); step++) {
      page = await browser.submit(page)
    }
  }

  async authorize(url: string, choice: 'agree' | 'decline' = 'agree'): Promise<string> {
    const browser = new Browser(this.issuer)
    let page = await browser.open(url)
    for (let step = 0; step < 6 && page.redirect === undefined; step++) {
      page = choice === 'agree' ? await browser.submit(page) : await browser.abort(page)
    }
    if (page.redirect === undefined) throw new Error(`no redirect: ${page.text.slice(0, 400)}`)
    return page.redirect
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== '/token') {
      this.#callback?.(request, response)
      return
    }
    const body = await readBody(request)
    const parameters = new URLSearchParams(body)
    const grantType = parameters.get('grant_type') ?? ''
    const refreshToken = parameters.get('refresh_token')
    const entry: TokenRequest = {
      grantType,
      parameters,
      refreshTokenDigest: refreshToken === null ? undefined : createHash('sha256').update(refreshToken).digest('hex'),
      status: 0,
    }
    if (grantType !== 'urn:ietf:params:oauth:grant-type:device_code') this.requests.push(entry)
    const counts = grantType === 'refresh_token'
    if (counts) {
      this.#inFlight += 1
      this.maxInFlight = Math.max(this.maxInFlight, this.#inFlight)
    }
    response.on('close', () => {
      entry.status = response.statusCode
      if (counts) this.#inFlight -= 1
    })
    const { delay = 0 } = this.#options
    const ms = typeof delay === 'number' ? delay : delay()
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    if (this.intercept?.(request, response, body) === true) return
    // oidc-provider takes a body that has been read already.
    Object.assign(request, { body: Object.fromEntries(parameters) })
    this.#callback?.(request, response)
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

// ---- the provider

interface Stored {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

function configuration(
  options: AuthorizationServerOptions,
  store: Map<string, Stored>,
  key: JWK,
  refreshTokens: Set<string>,
): Configuration {
  const redirectUris = ['http://127.0.0.1/callback', 'http://[::1]/callback']
  const grantTypes = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']
  const { accessTokenTtl = 3600 } = options
  const life = (): number => (typeof accessTokenTtl === 'function' ? accessTokenTtl() : accessTokenTtl)
  return {
    adapter: adapterOver(store, refreshTokens),
    clients: [
      {
        client_id: clientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: redirectUris,
        grant_types: grantTypes,
        response_types: ['code'],
      },
      {
        client_id: basicClient.clientId,
        client_secret: basicClient.clientSecret,
        application_type: 'native',
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: redirectUris,
        grant_types: [...grantTypes, 'client_credentials'],
        response_types: ['code'],
      },
      {
        client_id: postClient.clientId,
        client_secret: postClient.clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    scopes: ['openid', 'offline_access', 'read', 'write'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    jwks: { keys: [key] },
    cookies: { keys: ['a key of the lab, of no worth'] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: 'Ada Lovelace', preferred_username: sub, email: `${sub}@example.com` }),
    }),
    issueRefreshToken: async (_, client) => options.refreshTokens !== false && client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: options.rotate ?? true,
    expiresWithSession: async () => false,
    ttl: {
      AccessToken: life,
      ClientCredentials: life,
      RefreshToken: 86_400,
      IdToken: 3600,
      DeviceCode: 600,
      Session: 86_400,
      Interaction: 3600,
      Grant: 86_400,
    },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      registration: { enabled: options.registration ?? false },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: options.requirePushedAuthorization ?? false,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'read write',
          audience: resource,
          accessTokenTTL: life(),
          accessTokenFormat: 'jwt' as const,
        }),
      },
    },
  }
}

/** What survives a change of keys: oidc-provider's own memory would not. */
function adapterOver(store: Map<string, Stored>, refreshTokens: Set<string>): (model: string) => Adapter {
  const now = (): number => Date.now()
  return (model) => {
    const key = (id: string): string => `${model}:${id}`
    const find = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
      for (const [id, { payload }] of store) if (id.startsWith(`${model}:`) && matches(payload)) return payload
      return undefined
    }
    return {
      upsert: async (id, payload, expiresIn) => {
        // An opaque token is its own id.
        if (model === 'RefreshToken') refreshTokens.add(id)
        store.set(key(id), { payload, expiresAt: expiresIn ? now() + expiresIn * 1000 : Infinity })
      },
      find: async (id) => {
        const stored = store.get(key(id))
        return stored !== undefined && stored.expiresAt > now() ? stored.payload : undefined
      },
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => find((payload) => payload.userCode === userCode),
      consume: async (id) => {
        const stored = store.get(key(id))
        if (stored !== undefined) stored.payload['consumed'] = Math.floor(now() / 1000)
      },
      destroy: async (id) => {
        store.delete(key(id))
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, { payload }] of store) if (payload.grantId === grantId) store.delete(id)
      },
    }
  }
}

/** oidc-provider says on the console what a lab does on purpose (development pages, a body read before it). */
function silence(): void {
  for (const method of ['info', 'warn'] as const) {
    const write = console[method]
    console[method] = (...words: unknown[]) => {
      if (!String(words[0]).includes('oidc-provider ')) write(...words)
    }
  }
}

silence()

// ---- a browser, by fetch

interface Page {
  readonly url: string
  readonly text: string
  /** Where it was sent outside the server. */
  readonly redirect?: string
}

class Browser {
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  open(url: string): Promise<Page> {
    return this.#follow(url, {})
  }

  /** Sends the page's form off, with a name where one is asked for. */
  async submit({ url, text, redirect }: Page): Promise<Page> {
    const form = text.match(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/)
    if (form === null) throw new Error(`no form at ${redirect ?? url}: ${text.replaceAll(/<[^>]*>|\s+/g, ' ').slice(0, 300)}`)
    const fields = new URLSearchParams()
    for (const [input] of (form[2] ?? '').matchAll(/<input[^>]*>/g)) {
      const name = input.match(/name="([^"]*)"/)?.[1]
      if (name !== undefined) fields.set(name, unescape(input.match(/value="([^"]*)"/)?.[1] ?? ''))
    }
    if (fields.has('login')) fields.set('login', 'ada')
    if (fields.has('password')) fields.set('password', 'any')
    return this.#follow(new URL(unescape(form[1] ?? ''), url).href, { method: 'POST', body: fields })
  }

  async abort({ url, text }: Page): Promise<Page> {
    const link = text.match(/href="([^"]*\/abort)"/)?.[1]
    return this.#follow(new URL(unescape(link ?? ''), url).href, {})
  }

  async #follow(first: string, init: RequestInit): Promise<Page> {
    let url = first
    let options = init
    for (let hop = 0; hop < 12; hop++) {
      if (!url.startsWith(this.#issuer)) return { url, text: '', redirect: url }
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { ...options, redirect: 'manual', headers: cookie === '' ? {} : { cookie } })
      for (const header of response.headers.getSetCookie()) this.#keep(header)
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null) return { url, text }
      url = new URL(location, url).href
      options = {}
    }
    throw new Error(`too many redirects at ${url}`)
  }

  #keep(header: string): void {
    const [pair = ''] = header.split(';')
    const mark = pair.indexOf('=')
    const [name, value] = [pair.slice(0, mark), pair.slice(mark + 1)]
    if (value === '') this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

const unescape = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#x2F;', '/')
