// The page on which a browser login ends (P8): no script, nothing from elsewhere, everything that is shown escaped.

import { createHash } from 'node:crypto'
import type { Failure } from '../../core/failures.ts'

export type PageContent = { readonly profile: string; readonly issuer: string } & (
  | { readonly kind: 'done' }
  /** The login is over. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** This request was not the login's, which goes on. */
  | { readonly kind: 'refused'; readonly failure: Failure }
)

const style = `
:root { color-scheme: light dark; --paper: #f6f5f1; --card: #fff; --ink: #1d2327; --soft: #5c666d; --line: #e2e0d8; --good: #1f7a4d; --bad: #b3402f }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181b; --card: #1c2226; --ink: #e8ebed; --soft: #9aa5ac; --line: #2c353a; --good: #5ec491; --bad: #f0877a }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { width: 100%; max-width: 29rem; padding: 2.5rem 2.25rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 12px 32px rgb(0 0 0 / 6%) }
.mark { display: grid; place-items: center; width: 3.25rem; height: 3.25rem; border-radius: 50%; color: var(--good);
  background: color-mix(in srgb, currentColor 13%, transparent) }
.mark.bad { color: var(--bad) }
svg { width: 1.6rem; height: 1.6rem; fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round }
h1 { margin: 1.35rem 0 .5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.012em; font-weight: 650; text-wrap: balance }
p { margin: 0 0 .75rem; overflow-wrap: anywhere }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1.25rem; margin: 1.5rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9375rem }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
footer { margin-top: 1.5rem; font-size: .8125rem; color: var(--soft) }
@media (max-width: 26rem) { main { padding: 2rem 1.5rem 1.5rem } }
`

const digest = createHash('sha256').update(style).digest('base64')
const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const tick = '<path d="M5 12.5l4.5 4.5L19 7.5"/>'
const cross = '<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>'

export function renderPage(content: PageContent): { readonly html: string; readonly policy: string } {
  const { title, lines, isGood } = words(content)
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} - authsock</title>
<style>${style}</style>
</head>
<body>
<main>
<div class="mark${isGood ? '' : ' bad'}"><svg viewBox="0 0 24 24" aria-hidden="true">${isGood ? tick : cross}</svg></div>
<h1>${escape(title)}</h1>
${lines.map((line, index) => `<p${index === 0 ? '' : ' class="soft"'}>${escape(line)}</p>`).join('\n')}
<dl>
<dt>Profile</dt><dd>${escape(content.profile)}</dd>
<dt>Server</dt><dd>${escape(hostOf(content.issuer))}</dd>
</dl>
<footer>authsock, on this machine</footer>
</main>
</body>
</html>
`
  return { html, policy }
}

function words(content: PageContent): { readonly title: string; readonly lines: readonly string[]; readonly isGood: boolean } {
  switch (content.kind) {
    case 'done':
      return { title: 'You are logged in', lines: ['You may close this window and go back to the terminal.'], isGood: true }
    case 'failed':
      return {
        title: content.failure.code === 'login_cancelled' ? 'The login was declined' : 'The login did not work',
        lines: [
          sentence(content.failure.message),
          'Nothing was stored. The terminal says what to do next; you may close this window.',
        ],
        isGood: false,
      }
    case 'refused':
      return {
        title: 'This is not the login that is under way',
        lines: [
          sentence(content.failure.message),
          'Nothing has changed. If you are logging in, finish in the window that was opened for it.',
        ],
        isGood: false,
      }
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

const hostOf = (issuer: string): string => URL.parse(issuer)?.host ?? issuer

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
