// config.toml: what it means, where its mistakes are, and that the program's edits change nothing else.

import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { toProfile } from '../../../src/config/profile-table.ts'
import { ConfigFile } from '../../../src/config/config-file.ts'
import { addProfile, removeProfile } from '../../../src/config/edit-profiles.ts'
import { Failure } from '../../../src/core/failures.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-config-'))
  file = join(folder, 'config.toml')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const complaint = async (text: string): Promise<string> => {
  try {
    await readConfig(text, 'c.toml')
    return ''
  } catch (error) {
    if (error instanceof Failure && error.code === 'config_invalid') return error.message
    throw error
  }
}

const good = '[profile.work]\nissuer = "https://a.example"\nclient_id = "a"\n'

describe('reading', () => {
  test('a profile with its defaults', async () => {
    const { profiles } = await readConfig(good, 'c.toml')
    expect(profiles.get('work')).toEqual({
      name: 'work',
      issuer: 'https://a.example',
      clientId: 'a',
      grant: 'authorization_code',
      scopes: ['offline_access', 'openid'],
      clientAuthentication: 'none',
      refresh: 'ahead',
      refreshGrace: 0,
      redirect: { scheme: 'http', host: '127.0.0.1', port: 0, path: '/callback' },
      pushedAuthorization: true,
      systemCertificates: true,
      authorizationParameters: {},
    })
  })

  test('everything that can be said', async () => {
    const { profiles, defaultProfile } = await readConfig(
      `default_profile = "a.b"
[profile."a.b"]
issuer = "https://a.example/x"
client_id = "a"
grant = "device_code"
scopes = ["z", "y"]
resource = "https://r.example"
audience = "aud"
client_authentication = "client_secret_post"
client_secret_file = "/run/secret"
ca_file = "~/ca.pem"
refresh = "on_demand"
redirect = "http://[::1]:8400/back"
authorization_parameters = { prompt = "login" }
[profile."a.b".endpoints]
token = "https://a.example/token"
device_authorization = "https://a.example/device"
`,
      'c.toml',
    )
    expect(defaultProfile).toBe('a.b')
    expect(profiles.get('a.b')).toMatchObject({
      grant: 'device_code',
      scopes: ['y', 'z'],
      redirect: { host: '[::1]', port: 8400, path: '/back' },
      clientAuthentication: 'client_secret_post',
      caFile: expect.stringMatching(/^\/.*\/ca\.pem$/) as string,
      endpoints: { token: 'https://a.example/token', deviceAuthorization: 'https://a.example/device' },
      authorizationParameters: { prompt: 'login' },
    })
  })

  test('R4 a grace period is what the file says, else what is known of the provider, else none', async () => {
    const table = (name: string, issuer: string, more = ''): string =>
      `[profile.${name}]\nissuer = "${issuer}"\nclient_id = "c"\n${more}\n`
    const { profiles } = await readConfig(
      table('a', 'https://a.example') +
        table('okta', 'https://a.okta.com', 'refresh_grace = 30') +
        table('atlassian', 'https://auth.atlassian.com') +
        table('careful', 'https://auth.atlassian.com', 'refresh_grace = 0'),
      'c.toml',
    )
    expect([...profiles.values()].map(({ refreshGrace }) => refreshGrace)).toEqual([0, 30, 600, 0])
  })

  test.each<[string, string, string]>([
    ['broken TOML', 'a = 1\nb = = 2\n', 'c.toml:2:'],
    [
      'a value of the wrong kind',
      '[profile.work]\nissuer = "https://a.example"\nclient_id = 7\n',
      "c.toml:3:1: 'client_id' is not a string in quotes",
    ],
    [
      'an unknown key at the top',
      'defaultprofile = "x"\n',
      "c.toml:1:1: unknown key 'defaultprofile': did you mean 'default_profile'?",
    ],
    [
      'an unknown key in an inline table',
      'profile = { work = { issuer = "https://a.example", client_id = "a", colour = "red" } }\n',
      "c.toml:1:69: unknown key 'colour': the keys are issuer",
    ],
    [
      'P20 a parameter that the login itself is made of',
      `${good}authorization_parameters = { prompt = "login", request_uri = "urn:x" }\n`,
      "'request_uri' is set by authsock itself",
    ],
    ['something missing', '\n\n[profile.work]\nclient_id = "a"\n', "c.toml:3:2: 'issuer' is missing in 'profile.work'"],
    [
      'an unknown grant',
      `${good}grant = "password"\n`,
      `c.toml:4:1: 'grant' is "password", not one of authorization_code, device_code, client_credentials`,
    ],
    ['a scope with a space', `${good}scopes = ["openid", "a b"]\n`, 'c.toml:4:21: "a b" is not a scope'],
    ['a scope twice', `${good}scopes = ["a", "a"]\n`, "c.toml:4:1: 'scopes' has a duplicate element"],
    [
      'a profile name in capitals',
      '[profile.Work]\nissuer = "https://a.example"\nclient_id = "a"\n',
      "'Work' is not a profile name",
    ],
    ['P19 plain http', '[profile.work]\nissuer = "http://a.example"\nclient_id = "a"\n', "c.toml:2:1: 'issuer' is plain http"],
    [
      'an issuer that is no URL',
      '[profile.work]\nissuer = "login"\nclient_id = "a"\n',
      "c.toml:2:1: 'issuer' is 'login', not an absolute URL",
    ],
    ['an endpoint without https', `${good}endpoints = { token = "http://b.example/t" }\n`, "'token' is plain http"],
    [
      'a redirect that is not loopback',
      `${good}redirect = "http://example.com/cb"\n`,
      "c.toml:4:1: 'redirect' must have the form",
    ],
    [
      'a resource with a fragment',
      `${good}resource = "https://r.example/#x"\n`,
      "c.toml:4:1: 'resource' must be an absolute URI",
    ],
    [
      'a default that is not there',
      `default_profile = "home"\n${good}`,
      "c.toml:1:1: 'default_profile' is 'home', which is not a profile",
    ],
    ['a secret', `${good}client_secret = "hunter2"\n`, "c.toml:4:1: 'client_secret' does not belong here"],
  ])('%s', async (_, text, words) => {
    const message = await complaint(text)
    expect(message).toContain(words)
    expect(message).not.toContain('hunter2')
  })

  test('several mistakes are all told', async () => {
    expect((await complaint('x = 1\n[profile.a]\nissuer = 1\nclient_id = "a"\n')).split('\n').length).toBe(2)
  })

  test('the file is read again when it has changed, and only then; one that is not there is empty', async () => {
    const config = new ConfigFile(file)
    expect((await config.current()).profiles.size).toBe(0)
    writeFileSync(file, good)
    const first = await config.current()
    expect(first.profiles.size).toBe(1)
    expect(await config.current()).toBe(first)
    writeFileSync(file, good.replace('work', 'home'))
    expect([...(await config.current()).profiles.keys()]).toEqual(['home'])
    rmSync(file)
    expect((await config.current()).profiles.size).toBe(0)
  })

  test('well-known servers need less said', () => {
    const of = (issuer: string) => toProfile('p', { issuer, client_id: 'c' })
    expect(of('https://accounts.google.com').authorizationParameters).toEqual({ access_type: 'offline', prompt: 'consent' })
    expect(of('https://github.com').endpoints?.deviceAuthorization).toBe('https://github.com/login/device/code')
    expect(of('https://github.com.evil.example').endpoints).toBeUndefined()
  })
})

describe('U2 a file with a mistake, as the agent reads it', () => {
  const two = `${good}[profile.home]\nissuer = "https://b.example"\nclient_id = "b"\n`
  const badHome = two.replace('client_id = "b"', 'client_id = 7')
  const homeProblem = (line = 6): string => `${file}:${line}:1: 'client_id' is not a string in quotes`

  const start = (): { config: ConfigFile; said: string[] } => {
    const said: string[] = []
    return { config: new ConfigFile(file, { onProblem: (text) => said.push(text) }), said }
  }

  test('a profile with a mistake does not stop the others', async () => {
    writeFileSync(file, badHome)
    const { config, said } = start()
    const { profiles, invalidProfiles } = await config.current()
    expect([...profiles.keys()]).toEqual(['work'])
    expect([...invalidProfiles].map(([name, { code, message }]) => [name, code, message])).toEqual([
      ['home', 'config_invalid', homeProblem()],
    ])
    expect([said, config.problem]).toEqual([[homeProblem()], homeProblem()])
  })

  test('a profile that was valid before goes on as it was', async () => {
    writeFileSync(file, two)
    const { config } = start()
    await config.current()
    writeFileSync(file, badHome.replace('"a"', '"changed"'))
    const { profiles, invalidProfiles } = await config.current()
    expect([profiles.get('work')?.clientId, profiles.get('home')?.clientId, invalidProfiles.size]).toEqual(['changed', 'b', 0])
  })

  test.each([
    ['TOML', 'a = = b\n'],
    ['a rule', '[[rule]]\ndecision = "perhaps"\n'],
    ['a route', '[[route]]\nurl = "https://x.example"\nprofile = "nobody"\n'],
    ['a key', 'colour = 1\n'],
  ])('a mistake outside of the profiles (%s): the last good configuration goes on, and it is said', async (_, mistake) => {
    const rule = '[[rule]]\ndecision = "deny"\nprofile = "work"\n'
    writeFileSync(file, good + rule)
    const { config, said } = start()
    const first = await config.current()
    writeFileSync(file, mistake + good)
    expect(await config.current()).toBe(first)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('the configuration before this change stays in effect')
    expect(config.problem).toBe(said[0])
    await expect(config.read()).rejects.toMatchObject({ code: 'config_invalid' })
  })

  test('without a good configuration before it, nothing is served', async () => {
    writeFileSync(file, `[[rule]]\ndecision = "perhaps"\n${good}`)
    const { config, said } = start()
    await expect(config.current()).rejects.toMatchObject({ code: 'config_invalid' })
    await expect(config.current()).rejects.toMatchObject({ code: 'config_invalid' })
    expect(said).toHaveLength(1)
  })

  test('the warning goes when the file is mended, and the same one does not pile up', async () => {
    writeFileSync(file, badHome)
    const { config, said } = start()
    await config.current()
    writeFileSync(file, `${badHome}# another change\n`)
    await config.current()
    expect(said).toEqual([homeProblem()])
    writeFileSync(file, two)
    await config.current()
    expect([config.problem, said.length]).toEqual([undefined, 1])
    writeFileSync(file, `\n${badHome}`)
    await config.current()
    expect([config.problem, said.length]).toEqual([homeProblem(7), 2])
  })

  test('L17 something that is not a regular file does not block', async () => {
    expect(spawnSync('mkfifo', [file]).status).toBe(0)
    await expect(start().config.current()).rejects.toMatchObject({ message: `${file} is not a regular file` })
  })
})

describe('S13 who may have written it', () => {
  const read = () => new ConfigFile(file).current()

  test('a file that others can change is refused', async () => {
    writeFileSync(file, good)
    chmodSync(file, 0o602)
    await expect(read()).rejects.toMatchObject({
      code: 'config_invalid',
      message: `${file} can be written by others (mode 602)`,
      details: { hint: `check the file, then chmod go-w ${file}` },
    })
    chmodSync(file, 0o644)
    expect((await read()).profiles.size).toBe(1)
  })

  test('so is one in a folder that others can change, unless only owners may replace a file there', async () => {
    writeFileSync(file, good)
    chmodSync(folder, 0o777)
    await expect(read()).rejects.toMatchObject({
      code: 'config_invalid',
      message: `${folder} can be written by others (mode 777)`,
    })
    chmodSync(folder, 0o1777)
    expect((await read()).profiles.size).toBe(1)
  })

  test.skipIf(process.getuid?.() !== 0)('so is one of another user or for another group, also behind a link', async () => {
    const elsewhere = join(folder, 'elsewhere.toml')
    writeFileSync(elsewhere, good)
    symlinkSync(elsewhere, file)
    chownSync(elsewhere, 12_345, 12_345)
    await expect(read()).rejects.toMatchObject({ message: `${elsewhere} belongs to another user (uid 12345)` })
    chownSync(elsewhere, 0, 12_345)
    chmodSync(elsewhere, 0o660)
    await expect(read()).rejects.toMatchObject({ message: `${elsewhere} can be written by others (mode 660)` })
  })
})

const table = { issuer: 'https://b.example', client_id: 'b' }

describe('editing', () => {
  const kept = `# top\n\n${good}# about the next one\n[profile.zwei]   # two\nissuer="https://z.example"\nclient_id='z' # z\n  [profile.zwei.endpoints]\n  token = "https://z.example/t"\n\n# the end\n`

  test('what is added stands at the end; all else stays to the byte', async () => {
    writeFileSync(file, kept)
    await addProfile(file, 'neu', { ...table, scopes: ['a', 'b'], endpoints: { token: 'https://b.example/t' } })
    const text = readFileSync(file, 'utf8')
    expect(text.startsWith(kept)).toBe(true)
    expect(text.slice(kept.length)).toBe(
      '\n[profile.neu]\nissuer = "https://b.example"\nclient_id = "b"\nscopes = ["a", "b"]\n\n[profile.neu.endpoints]\ntoken = "https://b.example/t"\n',
    )
    await removeProfile(file, 'neu')
    expect(readFileSync(file, 'utf8').trimEnd()).toBe(kept.trimEnd())
  })

  test('what is removed takes its sub-tables and its default with it, and no comment of others', async () => {
    writeFileSync(file, `default_profile = "zwei"\n${kept}`)
    await removeProfile(file, 'zwei')
    const text = readFileSync(file, 'utf8')
    for (const comment of ['# top', '# about the next one', '# the end']) expect(text).toContain(comment)
    expect(text).not.toContain('zwei')
    expect((await readConfig(text, 'c')).profiles.size).toBe(1)
  })

  test('names and values that need quoting come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
        fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[\ud800-\udfff]/u.test(text)),
        async (name, clientId) => {
          rmSync(file, { force: true })
          writeFileSync(file, good)
          if (name === 'work') return
          await addProfile(file, name, { ...table, client_id: clientId })
          expect((await readConfig(readFileSync(file, 'utf8'), 'c')).profiles.get(name)?.clientId).toBe(clientId)
          await removeProfile(file, name)
          expect(readFileSync(file, 'utf8').trimEnd()).toBe(good.trimEnd())
        },
      ),
      { numRuns: 100 },
    )
  })

  test('line ends stay what they are', async () => {
    writeFileSync(file, good.replaceAll('\n', '\r\n'))
    await addProfile(file, 'neu', table)
    expect(readFileSync(file, 'utf8')).not.toMatch(/[^\r]\n/)
  })

  test('a new file is 0600, an old one keeps its mode, a link (dotfiles) stays a link', async () => {
    await addProfile(file, 'neu', table)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const elsewhere = join(folder, 'dotfiles')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'c.toml'), good)
    chmodSync(join(elsewhere, 'c.toml'), 0o644)
    rmSync(file)
    symlinkSync(join(elsewhere, 'c.toml'), file)
    await addProfile(file, 'neu', table)
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o644)
    expect(readFileSync(join(elsewhere, 'c.toml'), 'utf8')).toContain('[profile.neu]')
  })

  test('what would not be valid is not written', async () => {
    writeFileSync(file, good)
    const codes = await Promise.all(
      [
        addProfile(file, 'work', table),
        addProfile(file, 'Bad Name', table),
        addProfile(file, 'plain', { ...table, issuer: 'http://b.example' }),
        removeProfile(file, 'nobody'),
      ].map((work) => work.catch((error: unknown) => (error as Failure).code)),
    )
    expect(codes).toEqual(['profile_exists', 'bad_request', 'config_invalid', 'unknown_profile'])
    expect(readFileSync(file, 'utf8')).toBe(good)
  })

  test('twenty processes at once: none loses what another wrote', async () => {
    writeFileSync(file, good)
    const edit = fileURLToPath(new URL('../../../src/config/edit-profiles.ts', import.meta.url))
    const children = Array.from({ length: 20 }, (_, n) =>
      spawn(
        process.execPath,
        [
          '-e',
          `import(${JSON.stringify(edit)}).then(({ addProfile }) => addProfile(${JSON.stringify(file)}, 'p${n}', ${JSON.stringify(table)}))`,
        ],
        { stdio: 'inherit' },
      ),
    )
    const codes = await Promise.all(children.map(async (child) => ((await once(child, 'exit')) as [number])[0]))
    expect(new Set(codes)).toEqual(new Set([0]))
    expect((await readConfig(readFileSync(file, 'utf8'), 'c')).profiles.size).toBe(21)
  })
})
