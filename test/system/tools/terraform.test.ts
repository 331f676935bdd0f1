// The real terraform, or tofu, with terraform-credentials-authsock among its plugins, against a private module registry.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { runClient } from '../../support/clients.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, findProgram, isLinux, programs } from '../../support/real-part.ts'
import { type Asked, type Registry, type Reply, startRegistry, tokenOf } from '../../support/registry.ts'

const discovery = '/.well-known/terraform.json'

const found = findProgram('terraform') ?? findProgram('tofu')
const terraform = found ?? 'terraform'
const parts = { ...programs('openssl'), 'a C compiler': hasCompiler(), Linux: isLinux }

// No package registry has it, so that a machine without it cannot be given one.
if (found === undefined) describe.skip('terraform (needs terraform or tofu)')
else
  describeWith(parts, 'terraform', () => {
    let server: AuthorizationServer
    let home: Home
    let certificate: Certificate
    /** A route leads to `work`. */
    let routed: Registry
    let other: Registry

    beforeEach(async () => {
      home = new Home()
      server = await startAuthorizationServer()
      certificate = makeCertificate(home.path)
      const options = { tls: certificate.tls, isOpen: (path: string): boolean => path === discovery }
      routed = await startRegistry(home, serve, options)
      other = await startRegistry(home, serve, options)
      home.config(workProfile(server, `[[route]]\nurl = "https://${hostOf(routed)}"\nprofile = "work"\n`))
      const plugins = join(home.path, '.terraform.d', 'plugins')
      mkdirSync(plugins, { recursive: true })
      symlinkSync(join(nativePrograms(), 'terraform-credentials-authsock'), join(plugins, 'terraform-credentials-authsock'))
      writeFileSync(
        join(home.path, 'terraformrc'),
        'disable_checkpoint = true\ncredentials_helper "authsock" {\n  args = []\n}\n',
      )
    })

    afterEach(async () => {
      await home.close()
      await routed.close()
      await other.close()
      await server.close()
    })

    /** Terraform asks for a dot in a registry's name. */
    const hostOf = ({ host }: Registry): string => host.replace('localhost', '127.0.0.1')

    /** Discovery, and a module that lies in the home; a token can be pasted into `terraform login`. */
    function serve({ path }: Asked): Reply | undefined {
      if (path === '/v1/modules/team/net/lab/1.0.0/download') {
        const module = join(home.path, 'module')
        mkdirSync(module, { recursive: true })
        writeFileSync(join(module, 'main.tf'), 'output "here" {\n  value = true\n}\n')
        return { status: 204, headers: { 'x-terraform-get': `file://${module}` }, body: '' }
      }
      const answers: Readonly<Record<string, object>> = {
        [discovery]: { 'modules.v1': '/v1/modules/', 'tfe.v2': '/api/v2/' },
        '/v1/modules/team/net/lab/versions': { modules: [{ versions: [{ version: '1.0.0' }] }] },
        '/api/v2/account/details': { data: { id: 'ada', type: 'users', attributes: { username: 'ada' } } },
      }
      const answer = answers[path]
      return answer === undefined ? undefined : { type: 'application/json', body: JSON.stringify(answer) }
    }

    const env = (): NodeJS.ProcessEnv => ({
      TF_CLI_CONFIG_FILE: join(home.path, 'terraformrc'),
      SSL_CERT_FILE: certificate.file,
      BROWSER: 'true',
    })

    const run = (...args: readonly string[]): Promise<Finished> => runClient(home, terraform, args, { env: env() })

    function init(registry: Registry): Promise<Finished> {
      const folder = join(home.path, `use-${registry === routed ? 'routed' : 'other'}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(
        join(folder, 'main.tf'),
        `module "net" {\n  source = "${hostOf(registry)}/team/net/lab"\n  version = "1.0.0"\n}\n`,
      )
      return run(`-chdir=${folder}`, 'get', '-no-color', '-update')
    }

    /** `terraform login`: yes, and the token when it is asked for. */
    async function pasteToken(registry: Registry, token: string): Promise<Finished> {
      const child = spawn(terraform, ['login', hostOf(registry)], { env: { ...home.env, ...env() }, timeout: 60_000 })
      const answers = [
        ["Only 'yes' will be accepted", 'yes\n'],
        ['copy-paste it into this prompt', `${token}\n`],
      ] as const
      let [stdout, stderr, answered] = ['', '', 0]
      child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString()
        const next = answers[answered]
        if (next === undefined || !(stdout.split(next[0])[1] ?? '').includes('Enter a value:')) return
        answered += 1
        child.stdin.write(next[1])
      })
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, stdout, stderr }
    }

    const said = ({ asked }: Registry): readonly unknown[] => [
      ...new Set(asked.map(({ scheme, credential }) => `${scheme} ${credential}`)),
    ]
    const secrets = async (): Promise<unknown> => (await home.http('GET', '/v1/secrets')).json()['secrets']

    test('every request to a routed registry has the token', async () => {
      await logIn(home, server)
      expect(await init(routed)).toMatchObject({ code: 0, stderr: '' })
      expect(routed.asked.map(({ status }) => status)).toEqual([200, 200, 204])
      expect(said(routed)).toEqual([`bearer ${await tokenOf(home)}`])
      expect(existsSync(join(home.path, 'use-routed', '.terraform', 'modules', 'net', 'main.tf'))).toBe(true)
    })

    test('a pasted token is kept over a restart, used, and gone after the logout', async () => {
      expect((await init(other)).code).toBe(1)
      other.accept('pasted-token')
      const login = await pasteToken(other, 'pasted-token')
      expect([login.code, login.stdout]).toEqual([0, expect.stringContaining('authsock')])
      expect(await secrets()).toMatchObject([{ origin: 'tool', url: `https://${hostOf(other)}` }])
      await home.run(['stop'])
      expect(await init(other)).toMatchObject({ code: 0, stderr: '' })
      expect(other.asked.at(-1)).toMatchObject({ scheme: 'bearer', credential: 'pasted-token', status: 204 })
      expect(await run('logout', hostOf(other))).toMatchObject({ code: 0, stderr: '' })
      expect(await secrets()).toEqual([])
      expect((await init(other)).code).toBe(1)
    })

    test('a logout at a routed registry ends no session', async () => {
      await logIn(home, server)
      expect(await run('logout', hostOf(routed))).toMatchObject({ code: 0, stderr: '' })
      expect(await init(routed)).toMatchObject({ code: 0, stderr: '' })
    })

    test('a login is needed: terraform goes on without a token, and the registry says no', async () => {
      const { code, stderr } = await init(routed)
      expect([code, stderr]).toEqual([1, expect.stringContaining('401')])
      expect(said(routed)).toEqual(['undefined undefined'])
    })
  })
