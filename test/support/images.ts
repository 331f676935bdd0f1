// What an OCI registry serves, in memory (the distribution specification's pull and push), and an image to put there. Knows
// nothing of vitest.

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Asked, Reply } from './registry.ts'

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
const digestOf = (content: Buffer): string => `sha256:${sha256(content)}`

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Blobs and manifests by digest, tags too, for startRegistry. */
export function imageStore(): (asked: Asked) => Reply | undefined {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { readonly type: string; readonly body: Buffer }>()
  const uploads = new Map<string, Buffer>()

  const sent = ({ body }: Asked): Buffer => Buffer.from(body, 'latin1')
  const stored = (content: Buffer, location: string): Reply => ({
    status: 201,
    headers: { location, 'docker-content-digest': digestOf(content) },
    body: '',
  })

  function upload(asked: Asked, name: string, id: string): Reply | undefined {
    const { searchParams } = new URL(asked.path, 'http://localhost')
    const before = uploads.get(id)
    if (before === undefined) return undefined
    const content = Buffer.concat([before, sent(asked)])
    uploads.set(id, content)
    if (asked.method === 'PUT') {
      if (searchParams.get('digest') !== digestOf(content)) return { status: 400, body: 'another digest\n' }
      blobs.set(digestOf(content), content)
      return stored(content, `/v2/${name}/blobs/${digestOf(content)}`)
    }
    const headers = { location: `/v2/${name}/blobs/uploads/${id}`, range: `0-${Math.max(0, content.length - 1)}` }
    return { status: 202, headers, body: '' }
  }

  return (asked) => {
    const { pathname } = new URL(asked.path, 'http://localhost')
    if (pathname === '/v2/') return { type: 'application/json', body: '{}' }
    const [, name = '', kind, rest = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(pathname) ?? []
    if (kind === 'manifests' && asked.method === 'PUT') {
      const manifest = { type: String(asked.headers['content-type']), body: sent(asked) }
      manifests.set(`${name}:${rest}`, manifest)
      manifests.set(`${name}:${digestOf(manifest.body)}`, manifest)
      return stored(manifest.body, `/v2/${name}/manifests/${rest}`)
    }
    if (kind === 'manifests') {
      const manifest = manifests.get(`${name}:${rest}`)
      return manifest === undefined ? undefined : { ...manifest, headers: { 'docker-content-digest': digestOf(manifest.body) } }
    }
    if (kind === 'blobs' && !rest.startsWith('uploads')) {
      const body = blobs.get(rest)
      return body === undefined ? undefined : { type: 'application/octet-stream', body }
    }
    const begun = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(pathname)
    if (begun === null) return undefined
    const [, repository = '', id = ''] = begun
    if (asked.method !== 'POST') return upload(asked, repository, id)
    const fresh = randomUUID()
    uploads.set(fresh, Buffer.alloc(0))
    return { status: 202, headers: { location: `/v2/${repository}/blobs/uploads/${fresh}`, range: '0-0' }, body: '' }
  }
}

/** A folder as skopeo's `dir:` has it, with an image of one empty layer. Gives the manifest. */
export function makeImage(folder: string): string {
  const tar = Buffer.alloc(1024)
  const layer = gzipSync(tar)
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }),
  )
  const described = (mediaType: string, content: Buffer) => ({ mediaType, digest: digestOf(content), size: content.length })
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: described('application/vnd.oci.image.config.v1+json', config),
    layers: [described('application/vnd.oci.image.layer.v1.tar+gzip', layer)],
  })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'version'), 'Directory Transport Version: 1.1\n')
  writeFileSync(join(folder, 'manifest.json'), manifest)
  for (const content of [config, layer]) writeFileSync(join(folder, sha256(content)), content)
  return manifest
}
