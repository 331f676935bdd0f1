// Container images as OCI archives (https://github.com/opencontainers/image-spec): `podman load`, `skopeo copy oci-archive:...`. The client's
// has the static thin client alone. The agent's has the single-file program and the libraries that it needs, those of this Debian.

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { tar, tarOptions } from './archives.ts'
import { run } from './command.ts'
import { copy, normalize } from './files.ts'
import { manifest, sourceDate } from './project.ts'
import { isHost, type Target } from './targets.ts'

interface ImageConfig {
  readonly title: string
  readonly entrypoint: readonly string[]
  readonly command?: readonly string[]
}

const architectures = { x64: 'amd64', arm64: 'arm64' } as const
const mediaType = (kind: string): string => `application/vnd.oci.image.${kind}`

export function makeClientImage(target: Target, tree: string, path: string): void {
  const image = { title: 'authsock-client', entrypoint: ['/usr/bin/authsock-client'] }
  withRoot((folder) => {
    const bin = join(folder, 'usr/bin')
    mkdirSync(bin, { recursive: true })
    // Links of the names that tools start, for images that copy from this one.
    cpSync(join(tree, 'bin'), bin, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (from) => !from.endsWith('/bin/authsock'),
    })
    copy(join(tree, 'share/doc/authsock/LICENSE'), join(folder, 'usr/share/doc/authsock/LICENSE'))
    makeArchive(target, folder, image, path)
  })
}

/** Throws for another platform than this machine's: its libraries are not here. */
export function makeAgentImage(target: Target, tree: string, path: string): void {
  if (!isHost(target)) throw new Error(`the agent's image for ${target.platform} is made on a machine of that platform`)
  const image = { title: 'authsock', entrypoint: ['/usr/bin/authsock'], command: ['agent'] }
  withRoot((folder) => {
    const usr = join(folder, 'usr')
    for (const name of ['bin', 'lib', 'share/doc']) {
      cpSync(join(tree, name), join(usr, name), { recursive: true, verbatimSymlinks: true })
    }
    for (const library of librariesOf(join(tree, 'bin/authsock'))) {
      copy(library, join(folder, library))
      addLicence(library, usr)
    }
    makeArchive(target, folder, image, path)
  })
}

/** The paths by which the program finds its shared libraries. */
function librariesOf(program: string): readonly string[] {
  const found = [...run('ldd', [program]).matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map(([, path = '']) => path)
  if (found.length === 0) throw new Error(`ldd finds no library of ${program}`)
  return found
}

/** What Debian says of the package that the library is of. */
function addLicence(library: string, usr: string): void {
  const owner = run('dpkg-query', ['--search', realpathSync(library).replace(/^\/usr(?=\/lib)/, '*')]).split('\n')[0] ?? ''
  const [name = ''] = owner.split(':')
  const file = `/usr/share/doc/${name}/copyright`
  if (!existsSync(file)) throw new Error(`${file}, the licence of ${library}, is missing`)
  copy(file, join(usr, 'share/doc', name, 'copyright'))
}

function withRoot(make: (folder: string) => void): void {
  const scratch = mkdtempSync(join(tmpdir(), 'authsock-image-'))
  try {
    make(join(scratch, 'root'))
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** One layer of the folder. */
function makeArchive({ arch }: Target, folder: string, { title, entrypoint, command = [] }: ImageConfig, path: string): void {
  normalize(folder)
  const layout = `${folder}.oci`
  const blobs = join(layout, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const add = (kind: string, content: Buffer | string) => {
    const digest = createHash('sha256').update(content).digest('hex')
    writeFileSync(join(blobs, digest), content)
    return { mediaType: mediaType(kind), digest: `sha256:${digest}`, size: Buffer.byteLength(content) }
  }
  const layerTar = `${folder}.tar`
  run(tar, ['-C', folder, ...tarOptions, '-cf', layerTar, '.'])
  const content = readFileSync(layerTar)
  const layer = add('layer.v1.tar+gzip', gzipSync(content, { level: 6 }))
  const created = new Date(sourceDate * 1000).toISOString()
  const labels = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': manifest.version,
    'org.opencontainers.image.licenses': manifest.license,
    'org.opencontainers.image.source': 'https://github.com/authsock/authsock',
    'org.opencontainers.image.created': created,
  }
  const config = add(
    'config.v1+json',
    JSON.stringify({
      created,
      architecture: architectures[arch],
      os: 'linux',
      config: { Entrypoint: entrypoint, Cmd: command, Env: ['PATH=/usr/bin'], Labels: labels },
      rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(content).digest('hex')}`] },
      history: [{ created, created_by: 'npm run package' }],
    }),
  )
  const document = { schemaVersion: 2, mediaType: mediaType('manifest.v1+json'), config, layers: [layer], annotations: labels }
  const described = add('manifest.v1+json', JSON.stringify(document))
  const annotations = { 'org.opencontainers.image.ref.name': `${title}:${manifest.version}` }
  const index = { schemaVersion: 2, mediaType: mediaType('index.v1+json'), manifests: [{ ...described, annotations }] }
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index))
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  normalize(layout)
  mkdirSync(dirname(path), { recursive: true })
  run(tar, ['-C', layout, ...tarOptions, '-cf', path, 'blobs', 'index.json', 'oci-layout'])
}
