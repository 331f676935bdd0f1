// P19, P21 as a Failure: request.ts checks every URL before it is asked, the login flows every page that a user is sent to.

import { Failure } from '../../core/failures.ts'
import { insecurityOf } from '../../core/util/secure-url.ts'
import { serverText } from './server-text.ts'

/** `what` names the URL in the message. Throws insecure_url. */
export function requireSecureUrl(url: URL, what: string): void {
  const problem = insecurityOf(url)
  if (problem === undefined) return
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  throw new Failure('insecure_url', `${what} ${serverText(shown.href)} ${problem}`)
}
