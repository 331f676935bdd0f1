// The RPM, the container images, the package for npm and the bill of materials, each looked at by the program that reads it.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { describeWith, isRoot, programs } from '../../support/real-part.ts'

const script = fileURLToPath(new URL('../../../scripts/package.ts', import.meta.url))
const version = packageJson.version
const platform = `${process.platform}-${process.arch}`

const command = (program: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1e9 })
  expect([program, args, status, status === 0 ? '' : stdout + stderr]).toEqual([program, args, 0, ''])
  return stdout
}

describeWith({ ...programs('rpmbuild', 'rpmlint', 'skopeo', 'strip'), root: isRoot }, 'packages', () => {
  let folder: string
  let out: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-packages-'))
    out = join(folder, 'out')
    const kinds = ['rpm', 'container', 'npm', 'sbom'].flatMap((kind) => ['--only', kind])
    command(process.execPath, [script, '--fast', ...kinds, '--out', out])
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const find = (end: string): string => join(out, readdirSync(out).find((name) => name.endsWith(end)) ?? end)

  test('SHA256SUMS fits every file', () => {
    const sums = readFileSync(join(out, 'SHA256SUMS'), 'utf8').trim().split('\n')
    const files = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
    expect(sums).toHaveLength(files.length)
    command('sh', ['-c', `cd '${out}' && sha256sum --check --strict SHA256SUMS`])
  })

  test('rpmlint has nothing to say that is not explained', () => {
    const config = fileURLToPath(new URL('../../../installers/rpm/rpmlintrc.toml', import.meta.url))
    expect(command('rpmlint', ['-c', config, find('.rpm')])).toContain('0 errors, 0 warnings')
    const files = command('rpm', ['--query', '--package', '--list', find('.rpm')]).split('\n')
    expect(files).toContain('/usr/lib/systemd/user/authsock.socket')
    expect(files.filter((file) => !/^\/usr\/|^$/.test(file))).toEqual([])
  })

  test('container images: what starts, and that the client has nothing but itself', () => {
    const config = (name: string): unknown =>
      JSON.parse(command('skopeo', ['inspect', '--config', `oci-archive:${find(`${name}-${version}-${platform}.oci.tar`)}`]))
    expect(config('authsock-client')).toMatchObject({ os: 'linux', config: { Entrypoint: ['/usr/bin/authsock-client'] } })
    expect(config('authsock-agent')).toMatchObject({ config: { Entrypoint: ['/usr/bin/authsock'], Cmd: ['agent'] } })
    const image = join(folder, 'image')
    command('skopeo', ['copy', '--quiet', `oci-archive:${find(`authsock-agent-${version}-${platform}.oci.tar`)}`, `dir:${image}`])
    const { layers } = JSON.parse(readFileSync(join(image, 'manifest.json'), 'utf8')) as { layers: [{ digest: string }] }
    const root = join(folder, 'root')
    mkdirSync(root)
    command('tar', ['-xzf', join(image, layers[0].digest.slice('sha256:'.length)), '-C', root])
    expect(command('chroot', [root, '/usr/bin/authsock', '--version'])).toBe(`${version}\n`)
    expect(readdirSync(join(root, 'usr/share/doc')).toSorted()).toContain('libc6')
  })

  test('the package for npm needs the native modules only, and runs', () => {
    const project = join(folder, 'npm')
    mkdirSync(project)
    command('tar', ['-xzf', find('.tgz'), '-C', project])
    const { dependencies, scripts } = JSON.parse(readFileSync(join(project, 'package/package.json'), 'utf8')) as {
      readonly dependencies: object
      readonly scripts?: object
    }
    expect([Object.keys(dependencies), scripts]).toEqual([['@napi-rs/keyring'], undefined])
    expect(command(process.execPath, [join(project, 'package/dist/main.js'), '--version'])).toBe(`${version}\n`)
    expect(readFileSync(join(project, 'package/THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain('openid-client')
  })

  describe('the bill of materials', () => {
    interface Bom {
      readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[]
    }
    const names = (bom: Bom): readonly string[] => bom.components.map(({ name }) => name)

    test('names Node, what Node consists of, the native modules, and what is bundled', () => {
      const bom = JSON.parse(readFileSync(find('.cdx.json'), 'utf8')) as Bom
      expect(names(bom)).toEqual(expect.arrayContaining(['node', 'v8', 'openssl', 'uv', 'openid-client', 'yaml', 'ws']))
      expect(names(bom)).toEqual(expect.arrayContaining([`@koromix/koffi-${platform}`]))
      expect(names(bom)).not.toContain('vitest')
      expect(bom.components.find(({ name }) => name === 'openssl')?.version).toBe(process.versions.openssl)
      expect(new Set(bom.components.map(({ purl }) => purl)).size).toBe(bom.components.length)
    })
  })
})
