// The real go with a private module proxy over https: what GOAUTH is asked, and what is sent.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith, findProgram, programs } from '../../support/real-part.ts'
import { type Asked, type Registry, type Reply, startRegistry, tokenOf } from '../../support/registry.ts'

const module = 'example.com/private/lib'

/** GOAUTH takes commands since 1.24. */
const isNewEnough = (go: string): boolean =>
  /go1\.(2[4-9]|[3-9]\d)/.test(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout ?? '')
const go = [findProgram('go') ?? 'go', clientPath('python-go/bin/go')].find(isNewEnough)

describeWith({ 'go 1.24': go !== undefined, ...programs('openssl', 'python3') }, 'go', () => {
  let server: AuthorizationServer
  let certificate: string
  let tls: { readonly key: string; readonly cert: string }
  let home: Home
  let registry: Registry
  /** Before an accepted request is answered. */
  let before: (asked: Asked) => Promise<void>

  beforeAll(async () => {
    server = await startAuthorizationServer()
    certificate = mkdtempSync(join(tmpdir(), 'authsock-go-'))
    tls = makeCertificate(certificate)
  })

  afterAll(async () => {
    rmSync(certificate, { recursive: true })
    await server.close()
  })

  beforeEach(async () => {
    home = new Home()
    before = async () => {}
    const zip = makeModule(home.path)
    registry = await startRegistry(
      home,
      async (asked) => {
        await before(asked)
        return serve(zip, asked)
      },
      { tls },
    )
    home.config(`${workProfile(server)}\n[[route]]\nurl = "${registry.url}"\nprofile = "work"\n`)
    mkdirSync(join(home.path, 'project'))
    writeFileSync(join(home.path, 'project', 'go.mod'), 'module example.com/project\n\ngo 1.24\n')
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  const runGo = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    runClient(home, go ?? 'go', args, {
      cwd: join(home.path, 'project'),
      env: {
        GOAUTH: join(nativePrograms(), 'goauth-authsock'),
        GOPROXY: registry.url,
        GONOSUMDB: '*',
        GOFLAGS: '-mod=mod -modcacherw',
        GOTOOLCHAIN: 'local',
        GOPATH: join(home.path, 'go'),
        GOCACHE: join(home.path, 'go-cache'),
        SSL_CERT_FILE: join(certificate, 'cert.pem'),
        ...env,
      },
    })

  test('go get asks with the token of the profile, after it was refused without', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const { code, stderr } = await runGo(['get', `${module}@v1.0.0`])
    expect([code, stderr]).toEqual([0, expect.stringContaining(`added ${module} v1.0.0`)])
    const accepted = registry.asked.filter(({ status }) => status === 200)
    expect(accepted.map(({ path }) => path)).toContain(`/${module}/@v/v1.0.0.zip`)
    const token = await tokenOf(home)
    for (const each of accepted) expect(each).toMatchObject({ scheme: 'bearer', credential: token })
    expect(registry.asked[0]).toMatchObject({ status: 401, credential: undefined })
    expect((await runGo(['mod', 'download', '-json', module])).stdout).toContain('"Zip"')
  })

  test('without a login go is refused', async () => {
    const { code, stderr } = await runGo(['get', `${module}@v1.0.0`])
    expect([code, stderr]).toEqual([1, expect.stringContaining('401 Unauthorized')])
    expect(new Set(registry.asked.map(({ credential }) => credential))).toEqual(new Set([undefined]))
  })

  test('a token that expires in the middle is replaced when go is refused', async () => {
    const hasty = await startAuthorizationServer({ accessTokenTtl: 6 })
    try {
      home.config(`${workProfile(hasty)}\n[[route]]\nurl = "${registry.url}"\nprofile = "work"\n`)
      expect((await logIn(home, hasty)).code).toBe(0)
      before = async ({ path }) => void (path.endsWith('.mod') && (await pause(7000)))
      expect(await runGo(['mod', 'download', `${module}@v1.0.0`])).toMatchObject({ code: 0 })
      const archive = registry.asked.filter(({ path }) => path.endsWith('.zip'))
      expect(archive.map(({ status }) => status)).toEqual([401, 200])
      expect(archive[0]?.credential).toBeDefined()
      expect(archive[1]?.credential).not.toBe(archive[0]?.credential)
    } finally {
      await hasty.close()
    }
  })

  test('where no route covers the proxy, what follows in GOAUTH is asked', async () => {
    home.config(workProfile(server))
    registry.accept('of-the-netrc')
    writeFileSync(join(home.path, '.netrc'), `machine ${registry.host} login ada password of-the-netrc\n`, { mode: 0o600 })
    const GOAUTH = `${join(nativePrograms(), 'authsock-client')} goauth; netrc`
    expect(await runGo(['mod', 'download', `${module}@v1.0.0`], { GOAUTH })).toMatchObject({ code: 0 })
    expect(registry.asked.at(-1)).toMatchObject({ username: 'ada', credential: 'of-the-netrc', status: 200 })
  })
})

function makeCertificate(folder: string) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...how, ...names, '-keyout', key, '-out', cert])
  if (status !== 0) throw new Error(`no certificate: ${stderr.toString()}`)
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

const manifest = `module ${module}\n\ngo 1.24\n`

function makeModule(folder: string): Buffer {
  const path = join(folder, 'module.zip')
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as file:
    file.writestr("${module}@v1.0.0/go.mod", ${JSON.stringify(manifest)})
    file.writestr("${module}@v1.0.0/lib.go", "package lib\\n")
`
  const { status, stderr } = spawnSync('python3', ['-c', script, path])
  if (status !== 0) throw new Error(`no module: ${stderr.toString()}`)
  return readFileSync(path)
}

/** The protocol of module proxies, for one version. */
function serve(zip: Buffer, { path }: Asked): Reply | undefined {
  const info = JSON.stringify({ Version: 'v1.0.0', Time: '2024-01-01T00:00:00Z' })
  const files: Readonly<Record<string, Buffer | string>> = {
    list: 'v1.0.0\n',
    'v1.0.0.info': info,
    'v1.0.0.mod': manifest,
    'v1.0.0.zip': zip,
  }
  const body = path.startsWith(`/${module}/@v/`) ? files[path.slice(`/${module}/@v/`.length)] : undefined
  return body === undefined ? undefined : { body }
}
