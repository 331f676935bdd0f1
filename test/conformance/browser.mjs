#!/usr/bin/env node
// A browser for tests, as BROWSER: follows the redirects of the URL that it is given, in the background.

import { spawn } from 'node:child_process'

const [url, isChild] = process.argv.slice(2)
if (isChild === undefined) {
  spawn(process.execPath, [process.argv[1] ?? '', url ?? '', 'child'], { detached: true, stdio: 'ignore' }).unref()
} else {
  for (let next = url, hops = 0; next !== undefined && hops < 10; hops++) {
    const response = await fetch(next, { redirect: 'manual' })
    await response.text()
    const location = response.headers.get('location')
    next = location === null ? undefined : new URL(location, next).href
  }
}
