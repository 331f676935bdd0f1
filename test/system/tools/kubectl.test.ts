// The real kubectl, with authsock-client as its exec plugin, against the little of an API server that `get pods` asks for.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { type Asked, type Registry, type Reply, startRegistry, tokenOf } from '../../support/registry.ts'

const newer = 'debian/bin/kubectl'
const older = 'debian/bin/kubectl-1.20'
const parts = { ...programs('openssl'), ...clients(newer, older), 'a C compiler': hasCompiler(), Linux: isLinux }

describeWith(parts, 'kubectl', () => {
  let server: AuthorizationServer
  let home: Home
  let certificate: Certificate
  let clusters: readonly Registry[]

  async function start({ accessTokenTtl = 3600, profiles = ['work'] } = {}): Promise<void> {
    server = await startAuthorizationServer({ accessTokenTtl })
    clusters = await Promise.all(
      profiles.map((profile) => startRegistry(home, serve, { tls: certificate.tls, profileAt: () => profile })),
    )
    const tables = profiles.map((profile) => workProfile(server).replace('profile.work', `profile.${profile}`))
    const routes = profiles.map((profile, index) => `[[route]]\nurl = "${clusters[index]?.url}"\nprofile = "${profile}"\n`)
    home.config([...tables, ...routes].join('\n'))
  }

  beforeEach(() => {
    home = new Home()
    certificate = makeCertificate(home.path)
  })

  afterEach(async () => {
    await home.close()
    for (const cluster of clusters) await cluster.close()
    await server.close()
  })

  interface Plugin {
    readonly args?: readonly string[]
    readonly apiVersion?: string
    readonly provideClusterInfo?: boolean
  }

  /** A context for each cluster, by its number. JSON is YAML. */
  function kubeconfig({ args = ['kubectl', 'work'], apiVersion = 'v1', provideClusterInfo = false }: Plugin = {}): string {
    const exec = {
      apiVersion: `client.authentication.k8s.io/${apiVersion}`,
      command: 'authsock-client',
      args,
      provideClusterInfo,
      interactiveMode: 'IfAvailable',
    }
    const path = join(home.path, 'kubeconfig')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': '0',
      users: [{ name: 'me', user: { exec } }],
      clusters: clusters.map(({ url }, index) => ({
        name: `${index}`,
        cluster: { server: url, 'certificate-authority': certificate.file },
      })),
      contexts: clusters.map((_, index) => ({ name: `${index}`, context: { cluster: `${index}`, user: 'me' } })),
    }
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  const getPods = (plugin?: Plugin, args: readonly string[] = [], program = newer): Promise<Finished> =>
    runClient(home, clientPath(program), ['get', 'pods', '-o', 'name', ...args], { env: { KUBECONFIG: kubeconfig(plugin) } })

  const pods = { code: 0, stdout: 'pod/one\n', stderr: '' }
  const credentials = (index = 0): readonly unknown[] => [...new Set(clusters[index]?.asked.map(({ credential }) => credential))]

  test.each([
    [newer, 'v1'],
    [newer, 'v1beta1'],
    [older, 'v1beta1'],
  ])(
    '%s, %s: every request has the token',
    async (program, apiVersion) => {
      await start()
      await logIn(home, server)
      expect(await getPods({ apiVersion }, [], program)).toEqual(pods)
      expect(await getPods({ apiVersion, args: ['kubectl'] }, [], program)).toEqual(pods)
      expect(clusters[0]?.asked.map(({ scheme, status }) => [scheme, status])).toContainEqual(['bearer', 200])
      expect(credentials()).toEqual([await tokenOf(home)])
    },
    300_000,
  )

  test('provideClusterInfo: one plugin for all clusters, by routes', async () => {
    await start({ profiles: ['work', 'play'] })
    await logIn(home, server)
    await logIn(home, server, ['play', '--no-browser'])
    const plugin = { args: ['kubectl'], provideClusterInfo: true }
    expect(await getPods(plugin, ['--context=0'])).toEqual(pods)
    expect(await getPods(plugin, ['--context=1'])).toEqual(pods)
    expect(credentials(0)).toEqual([await tokenOf(home)])
    expect(credentials(1)).not.toEqual(credentials(0))
    const blind = await getPods({ args: ['kubectl'] })
    expect([blind.code, blind.stderr]).toEqual([1, expect.stringContaining('authsock: ')])
  })

  test('a kubectl that runs for long gets another token when its own ends', async () => {
    await start({ accessTokenTtl: 10 })
    await logIn(home, server)
    const proxy = spawn(clientPath(newer), ['proxy', '--port=0'], {
      env: { ...home.env, PATH: `${nativePrograms()}:${process.env['PATH']}`, KUBECONFIG: kubeconfig() },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [said] = (await once(proxy.stdout, 'data')) as [Buffer]
      const address = /127\.0\.0\.1:\d+/.exec(said.toString())?.[0] ?? ''
      for (let second = 0; second < 14; second++) {
        expect((await fetch(`http://${address}/api/v1/namespaces/default/pods`)).status).toBe(200)
        await pause(1000)
      }
    } finally {
      proxy.kill()
      await once(proxy, 'exit')
    }
    expect(credentials().length).toBeGreaterThan(1)
    expect(server.refreshes).toBeLessThan(5)
  })

  test('--id-token: what a cluster with OIDC wants', async () => {
    await start()
    await logIn(home, server)
    const { stdout } = await runClient(home, 'authsock-client', ['kubectl', 'work', '--id-token'])
    const { token } = (JSON.parse(stdout) as { status: { token: string } }).status
    clusters[0]?.accept(token)
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      iss: server.issuer,
      aud: server.clientId,
    })
    expect(await getPods({ args: ['kubectl', 'work', '--id-token'] })).toEqual(pods)
    expect(credentials()).toEqual([token])
  })

  test('a login is needed and nobody is there: kubectl shows what to do, and asks the cluster nothing', async () => {
    await start()
    const { code, stdout, stderr } = await getPods()
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain("authsock: profile 'work' needs a login")
    expect(stderr).toContain('hint: `authsock login work`')
    expect(clusters[0]?.asked).toEqual([])
  })
})

/** Discovery, then one pod. */
function serve({ path }: Asked): Reply | undefined {
  const answers: Readonly<Record<string, object>> = {
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': {
      kind: 'APIResourceList',
      groupVersion: 'v1',
      resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'] }],
    },
    '/api/v1/namespaces/default/pods': {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: [{ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'one', namespace: 'default' } }],
    },
  }
  const answer = answers[path.replace(/\?.*/, '')]
  return answer === undefined ? undefined : { type: 'application/json', body: JSON.stringify(answer) }
}
