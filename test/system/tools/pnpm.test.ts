// The real pnpm, old and new, with a private registry and a link of our program as its tokenHelper.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { type Asked, type Registry, type Reply, startRegistry, tokenOf } from '../../support/registry.ts'

const pnpm10 = 'node-pnpm10/node_modules/.bin/pnpm'
const pnpm12 = 'node-pnpm12/node_modules/.bin/pnpm'

describeWith({ ...clients(pnpm10, pnpm12), ...programs('tar') }, 'pnpm', () => {
  let server: AuthorizationServer
  let home: Home
  let registry: Registry

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    const archive = makePackage(home.path)
    registry = await startRegistry(home, (asked) => serve(registry, archive, asked))
    home.config(workProfile(server))
    const helper = join(home.path, 'pnpm-authsock-work')
    symlinkSync(join(nativePrograms(), 'authsock-client'), helper)
    writeFileSync(join(home.path, '.npmrc'), `registry=${registry.url}/\n//${registry.host}/:tokenHelper=${helper}\n`)
    mkdirSync(join(home.path, 'project'))
    const project = { name: 'project', version: '1.0.0', dependencies: { '@private/lib': '^1.0.0' } }
    writeFileSync(join(home.path, 'project', 'package.json'), JSON.stringify(project))
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  describe.each([
    { version: pnpm10, complaint: 'ERR_PNPM_TOKEN_HELPER_ERROR_STATUS' },
    // Goes on without the helper.
    { version: pnpm12, complaint: 'ERR_PNPM_FETCH_401' },
  ])('$version', ({ version, complaint }) => {
    const install = () =>
      runClient(home, clientPath(version), ['install', '--no-frozen-lockfile', '--config.fetch-retries=0'], {
        cwd: join(home.path, 'project'),
        env: { npm_config_manage_package_manager_versions: 'false', CI: '1' },
      })
    const isInstalled = (): boolean => existsSync(join(home.path, 'project', 'node_modules', '@private', 'lib', 'index.js'))

    test('installs with the token of the profile in the name of the link', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      const { code, stdout, stderr } = await install()
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('@private/lib 1.0.0')])
      expect(isInstalled()).toBe(true)
      expect(registry.asked.map(({ path }) => path)).toEqual(['/@private%2Flib', '/@private/lib/-/lib-1.0.0.tgz'])
      const credential = await tokenOf(home)
      for (const each of registry.asked) expect(each).toMatchObject({ scheme: 'bearer', credential, status: 200 })
    })

    test('without a login it stops', async () => {
      const { code, stdout, stderr } = await install()
      expect([code, isInstalled()]).toEqual([1, false])
      expect(stdout + stderr).toContain(complaint)
      for (const { credential } of registry.asked) expect(credential).toBeUndefined()
    })
  })
})

function makePackage(folder: string): Buffer {
  mkdirSync(join(folder, 'package'))
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({ name: '@private/lib', version: '1.0.0' }))
  writeFileSync(join(folder, 'package', 'index.js'), '')
  return spawnSync('tar', ['-cz', 'package'], { cwd: folder }).stdout
}

function serve({ url }: Registry, archive: Buffer, { path }: Asked): Reply | undefined {
  if (path === '/@private/lib/-/lib-1.0.0.tgz') return { type: 'application/octet-stream', body: archive }
  if (path.toLowerCase() !== '/@private%2flib') return undefined
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`
  const dist = { tarball: `${url}/@private/lib/-/lib-1.0.0.tgz`, integrity }
  const version = { name: '@private/lib', version: '1.0.0', dist }
  const body = JSON.stringify({
    name: '@private/lib',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': version },
    time: { '1.0.0': '2024-01-01T00:00:00.000Z' },
  })
  return { type: 'application/json', body }
}
