// A Python package index with one package in it, `demo-pkg`, made with the Python that is there.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Asked, Reply } from './registry.ts'

const wheel = 'demo_pkg-1.0-py3-none-any.whl'

const script = `
import sys, zipfile
info = "demo_pkg-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as file:
    file.writestr("demo_pkg.py", "here = True\\n")
    file.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: demo-pkg\\nVersion: 1.0\\n")
    file.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    file.writestr(info + "RECORD", "demo_pkg.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")
`

/** The wheel's path. */
export function makeWheel(python: string, folder: string): string {
  mkdirSync(folder, { recursive: true })
  const { status, stderr } = spawnSync(python, ['-c', script, join(folder, wheel)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`no wheel could be made: ${stderr}`)
  return join(folder, wheel)
}

/** PEP 503, and what twine posts to. */
export function serveWheel(path: string, { method, path: asked }: Asked): Reply | undefined {
  if (method === 'POST' && asked === '/upload/') return { body: 'thank you' }
  if (asked === '/simple/demo-pkg/') return { type: 'text/html', body: `<!DOCTYPE html><a href="/files/${wheel}">${wheel}</a>` }
  if (asked === `/files/${wheel}`) return { type: 'application/octet-stream', body: readFileSync(path) }
  return undefined
}
