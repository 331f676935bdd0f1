// A form sent with the same care as a token request, for services beside the authorization server (AWS STS).

import { OAuthRequest } from './request.ts'
import { failureOf } from './outcome.ts'

interface FormResponse {
  readonly status: number
  readonly text: string
}

/** For the request and its response. */
const timeoutMs = 20_000
const trust = { ca: undefined, systemStore: true }

/** Sends a form. Throws a Failure if there is no response: server_*, insecure_url. */
export const postForm =
  (now: () => number, userAgent: string) =>
  async (url: URL, form: Readonly<Record<string, string>>, { accept }: { readonly accept: string }): Promise<FormResponse> => {
    const request = new OAuthRequest({ trust, timeoutMs, signal: new AbortController().signal, now, userAgent })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept }
    try {
      const response = await request.fetch(url.href, { method: 'POST', headers, body: new URLSearchParams(form) })
      return { status: response.status, text: await response.text() }
    } catch (error) {
      throw failureOf(error, request.trace)
    }
  }
