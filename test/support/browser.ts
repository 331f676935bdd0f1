// A real browser: Chromium, driven by playwright-core.

import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './real-part.ts'

export const chromiumPath = process.env['CHROMIUM'] ?? findProgram('chromium')

export const launchBrowser = (...more: readonly string[]): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  })
