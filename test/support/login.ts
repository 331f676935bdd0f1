// Logins as a user would make them, with the lab's server playing the browser and the user in it.

import type { AuthorizationServer } from './authorization-server.ts'
import type { Finished, Home, RunOptions } from './home.ts'

/** `authsock login ...`: goes where it says, by browser or with the code, and agrees. */
export async function logIn(
  home: Home,
  server: AuthorizationServer,
  args: readonly string[] = ['work', '--no-browser'],
  options: RunOptions = {},
): Promise<Finished> {
  let seen = false
  return home.run(['login', ...args], {
    ...options,
    onStderr: (text) => {
      if (seen) return
      const address = /https?:\S+\/auth\?\S+/.exec(text)?.[0]
      const page = /https?:\S+\/device\b/.exec(text)?.[0]
      const code = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(text)?.[0]
      if (address !== undefined) {
        seen = true
        void server.authorize(address).then((redirect) => fetch(redirect))
      } else if (page !== undefined && code !== undefined) {
        seen = true
        void server.approveDevice(`${page}?user_code=${code}`)
      }
    },
  })
}

/** A config.toml with the lab's public client as `work`. */
export const workProfile = (server: AuthorizationServer, more = ''): string => `[profile.work]
issuer = "${server.issuer}"
client_id = "${server.clientId}"
scopes = ["openid", "offline_access", "read", "write"]
${more}`
