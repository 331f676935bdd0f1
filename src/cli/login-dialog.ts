// The conversation of a login as the user sees it: opens the browser or shows the code, passes pasted URLs to the agent.

import type { LoginConversation, LoginMessage, SessionStatus } from '../client/index.ts'
import { Failure } from '../core/failures.ts'
import { duration } from '../core/util/durations.ts'
import { openBrowser, openBrowserCommand } from '../platform/desktop/browser.ts'
import type { Context } from './context.ts'

/** `none`: the URL is printed only. A command: the URL is its last argument. */
export type BrowserChoice = 'none' | 'system' | readonly string[]

/** To its end. Throws what ended the login. */
export async function converse(
  context: Context,
  conversation: LoginConversation,
  browser: BrowserChoice,
): Promise<SessionStatus> {
  const stopReading = new AbortController()
  const countdown = new Countdown(context)
  try {
    for await (const message of conversation) {
      // With --json the messages are for a program, one on each line; the session follows when the login is done (U6).
      if (context.asJson && message.type !== 'done') context.terminal.jsonLine(message)
      switch (message.type) {
        case 'open_browser':
          await showUrl(context, message, browser)
          // No countdown here: the user may be pasting into this line.
          if (context.terminal.isInteractive && !context.asJson) {
            void readPastedUrls(context, conversation, stopReading.signal)
            context.terminal.say('waiting for the browser (Ctrl-C cancels)')
          }
          break
        case 'device_code':
          if (context.asJson) break
          await showDeviceCode(context, message)
          countdown.start('waiting for the code to be entered', message.expires_in)
          break
        case 'progress':
          if (!context.asJson) context.terminal.note(message.text)
          break
        case 'done':
          return message.session
      }
    }
    throw new Failure('login_cancelled', 'the login was cancelled')
  } finally {
    stopReading.abort()
    countdown.stop()
  }
}

async function showUrl(
  context: Context,
  { url, redirect_uri: redirectUri }: Extract<LoginMessage, { type: 'open_browser' }>,
  browser: BrowserChoice,
): Promise<void> {
  const { terminal, env } = context
  const isRemote = env['SSH_CONNECTION'] !== undefined && env['BROWSER'] === undefined
  const { AUTHSOCK_CLIENT_SECRET: _, ...browserEnv } = env
  const isOpened = browser !== 'none' && !isRemote && (await open(browser, url, browserEnv))
  if (context.asJson) return
  terminal.say(
    isOpened ? 'Opened the browser to log in. If it does not appear, open this URL:' : 'To log in, open this URL in a browser:',
  )
  terminal.say(`\n  ${url}\n`)
  terminal.say(`redirect URI: ${redirectUri}`)
  if (isOpened || !terminal.isInteractive) return
  terminal.say('If the browser runs on another machine, it ends on a page that it cannot load: copy the URL')
  terminal.say('of that page from the address bar, paste it here and press Enter.\n')
}

const open = (browser: Exclude<BrowserChoice, 'none'>, url: string, env: NodeJS.ProcessEnv): Promise<boolean> =>
  browser === 'system' ? openBrowser(url, env) : openBrowserCommand(browser, url, env)

/** Passes each line that is a URL to the agent, which says what is wrong with it. */
async function readPastedUrls(context: Context, conversation: LoginConversation, signal: AbortSignal): Promise<void> {
  const { createInterface } = await import('node:readline')
  if (signal.aborted) return
  const lines = createInterface({ input: process.stdin, terminal: false })
  signal.addEventListener('abort', () => {
    lines.close()
    process.stdin.pause()
    process.stdin.unref()
  })
  lines.on('line', (line) => {
    if (signal.aborted || line.trim() === '') return
    if (URL.canParse(line.trim())) conversation.redirected(line.trim())
    else context.terminal.note('not a URL; paste the whole address, starting with http://')
  })
}

async function showDeviceCode(context: Context, message: Extract<LoginMessage, { type: 'device_code' }>): Promise<void> {
  const { terminal } = context
  const { bold } = terminal.messageStyle
  const { user_code: userCode, verification_uri: page, verification_uri_complete: complete } = message
  const { origin } = new URL(page)
  let opening = 'To log in, open'
  // The QR code comes first, so that a small screen still shows the code; only if it leads to the host that is shown (P10).
  if (complete !== undefined && URL.parse(complete)?.origin === origin && terminal.isInteractive) {
    const { renderUnicodeCompact } = await import('uqr')
    const qrCode = renderUnicodeCompact(complete, { border: 2 })
    if (qrCode.split('\n').every((line) => line.length + 2 <= terminal.width)) {
      opening = 'Or open'
      terminal.say(`To log in, scan this QR code:\n\n${qrCode.replaceAll(/^/gm, '  ')}\n`)
    }
  }
  terminal.say(`${opening} this URL on any device:\n\n  ${bold(new URL(page).href)}\n`)
  terminal.say(`and enter this code:\n\n  ${bold(userCode)}\n`)
  terminal.say(`Enter it only if the address in the browser starts with ${origin}`)
}

/** A line that shows how much time is left. */
class Countdown {
  readonly #context: Context
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  start(text: string, seconds: number | undefined): void {
    this.stop()
    const { terminal } = this.#context
    if (!terminal.isInteractive) return
    const end = seconds === undefined ? undefined : Date.now() + seconds * 1000
    const frames = ['|', '/', '-', '\\']
    let frame = 0
    this.#timer = setInterval(() => {
      frame = (frame + 1) % frames.length
      const left = end === undefined ? '' : `, ${duration((end - Date.now()) / 1000)} left`
      terminal.progress(`${frames[frame]} ${text}${left} (Ctrl-C cancels)`)
    }, 250)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#context.terminal.endProgress()
  }
}
