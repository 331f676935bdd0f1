// What each tool needs to be told so that it asks authsock: a row each. A plan changes nothing.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { parsePlace, type Place, placeText } from '../../core/place.ts'
import type { Route } from '../../core/route.ts'
import { type Change, fileChange, linkChange, type Plan, readText } from './change.ts'
import { addLine, setIni, setJson, setToml } from './edits.ts'

export interface SetupOptions {
  readonly profile?: string
  readonly roleArn?: string
  readonly region?: string
  readonly idToken?: boolean
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  /** Where git-credential-authsock and the others are. */
  readonly programs: string
  readonly routes: readonly Route[]
  /** Hosts, registries, names: what the user typed. */
  readonly targets: readonly string[]
  readonly options: SetupOptions
}

export interface Tool {
  readonly name: string
  readonly about: string
  plan(surroundings: Surroundings): Plan | Promise<Plan>
}

const quoted = (text: string): string => JSON.stringify(text)
const isWeb = ({ scheme, host }: Place): boolean =>
  (scheme === undefined || scheme === 'https' || scheme === 'http') && !host.startsWith('*.')

/** The places that were named, or else all that routes lead to. */
function placesOf({ targets, routes }: Surroundings): readonly Place[] {
  if (targets.length === 0) return routes.map(({ place }) => place).filter(isWeb)
  return targets.map((target) => {
    const place = parsePlace(target)
    if (place !== undefined) return place
    throw new Failure('bad_request', `no host can be read from '${target}'`)
  })
}

function profileOf({ options, routes }: Surroundings, what: string): string {
  const [first, ...others] = new Set(routes.flatMap(({ to }) => (to.kind === 'profile' ? [to.profile] : [])))
  if (options.profile !== undefined) return options.profile
  if (first !== undefined && others.length === 0) return first
  throw new Failure('profile_required', `${what} needs a profile`, { hint: 'add --profile NAME' })
}

function program({ programs }: Surroundings, name: string): string {
  const path = join(programs, name)
  if (existsSync(path)) return path
  throw new Failure('not_found', `${name} is not installed at ${programs}`, { hint: '`npm run build` makes it' })
}

/** A link in a folder of the user's, where a program has to be found on the PATH and is not. */
function onPath(surroundings: Surroundings, name: string): Plan {
  const { env, home } = surroundings
  const target = program(surroundings, name)
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  if (folders.some((folder) => existsSync(join(folder, name)))) return { changes: [], notes: [] }
  const local = join(home, '.local', 'bin')
  const notes = folders.includes(local) ? [] : [`put ${local} on your PATH: ${name} is looked for there`]
  return { changes: linkChange(join(local, name), target), notes }
}

/** What git itself makes of a file when it is told to. */
function gitConfig(path: string, settings: readonly (readonly [name: string, value: string])[]): readonly Change[] {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-'))
  const copy = join(folder, 'config')
  try {
    const before = readText(path)
    if (before === undefined) writeFileSync(copy, '', { mode: 0o600 })
    else copyFileSync(path, copy)
    for (const [name, value] of settings) {
      const { status, stderr, error } = spawnSync('git', ['config', '--file', copy, '--add', name, value], { encoding: 'utf8' })
      if (status !== 0)
        throw new Failure('bad_request', `git cannot change its configuration: ${error?.message ?? stderr.trim()}`)
    }
    return fileChange(path, () => readText(copy) ?? '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function git(surroundings: Surroundings): Plan {
  const { env, home, targets } = surroundings
  const helper = program(surroundings, 'git-credential-authsock')
  const xdg = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config')
  const own = join(home, '.gitconfig')
  const path = env['GIT_CONFIG_GLOBAL'] ?? (!existsSync(own) && existsSync(xdg) ? xdg : own)
  const places = targets.length === 0 ? [] : placesOf(surroundings)
  const now = readText(path) ?? ''
  if (places.length === 0 && now.includes(`helper = ${helper}`) && !/\[credential "/.test(now)) return { changes: [], notes: [] }
  const command = helper.includes(' ') ? `"${helper}"` : helper
  // The empty value lets go of helpers that were set before: two would both keep what the user types.
  const subsections = places.map((place) => `credential.${placeText({ ...place, scheme: place.scheme ?? 'https' })}`)
  const sections = (places.length === 0 ? ['credential'] : subsections).filter((name) => {
    const header = name === 'credential' ? '[credential]' : `[credential "${name.slice('credential.'.length)}"]`
    return !isSetUp(now, header, command)
  })
  const withPath = surroundings.routes.filter(({ place }) => place.segments.length > 0 && isWeb(place))
  const hosts = new Set(withPath.map(({ place }) => placeText({ ...place, scheme: place.scheme ?? 'https', segments: [] })))
  const paths = [...hosts]
    .filter((host) => !isSetUp(now, `[credential "${host}"]`, undefined))
    .map((host) => [`credential.${host}.useHttpPath`, 'true'] as const)
  const settings = [
    ...sections.flatMap((name) => [[`${name}.helper`, ''] as const, [`${name}.helper`, command] as const]),
    ...paths,
  ]
  return {
    changes: settings.length === 0 ? [] : gitConfig(path, settings),
    notes: paths.length === 0 ? [] : ['git is told to name paths (useHttpPath) where routes tell them apart'],
  }
}

function isSetUp(text: string, header: string, helper: string | undefined): boolean {
  const at = text.indexOf(header)
  if (at < 0) return false
  const body = text.slice(at + header.length).split(/\n\[/)[0] ?? ''
  return body.includes(helper === undefined ? 'useHttpPath = true' : `helper = ${helper}`)
}

function docker(surroundings: Surroundings): Plan {
  const { env, home, targets } = surroundings
  const path = join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json')
  const { changes, notes } = onPath(surroundings, 'docker-credential-authsock')
  const hosts =
    targets.length === 0
      ? []
      : placesOf(surroundings).map((place) =>
          placeText({ host: place.host, segments: [], ...(place.port === undefined ? {} : { port: place.port }) }),
        )
  const edit = (text: string): string =>
    hosts.length === 0
      ? setJson(text, ['credsStore'], 'authsock', path)
      : hosts.reduce((done, host) => setJson(done, ['credHelpers', host], 'authsock', path), text)
  return {
    changes: [...fileChange(path, edit), ...changes],
    notes: [...notes, 'podman and skopeo read the same setting from ~/.config/containers/auth.json'],
  }
}

async function kubectl(surroundings: Surroundings): Promise<Plan> {
  const { env, home, targets, options } = surroundings
  const path = env['KUBECONFIG']?.split(delimiter).find((each) => each !== '') ?? join(home, '.kube', 'config')
  const { isMap, isSeq, parseDocument } = await import('yaml')
  const text = readText(path)
  if (text === undefined)
    throw new Failure('not_found', `there is no ${path}`, {
      hint: 'set KUBECONFIG, or add a cluster with `kubectl config` first',
    })
  const document = parseDocument(text)
  const json = document.toJS() as {
    'current-context'?: string
    contexts?: { name: string; context: { user?: string } }[]
    users?: { name: string; user?: object }[]
  } | null
  const current = json?.contexts?.find(({ name }) => name === json['current-context'])?.context.user
  const user = targets[0] ?? current
  if (document.errors.length > 0 || user === undefined) {
    throw new Failure(
      'bad_request',
      document.errors[0]?.message.split('\n')[0] ?? `no current context in ${path} says which user`,
      { hint: '`authsock setup kubectl USER --profile NAME`' },
    )
  }
  const profile = profileOf(surroundings, 'kubectl')
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: program(surroundings, 'authsock-client'),
    args: ['kubectl', profile, ...(options.idToken === true ? ['--id-token'] : [])],
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
  }
  const index = json?.users?.findIndex(({ name }) => name === user) ?? -1
  const other = Object.keys(json?.users?.[index]?.user ?? {}).find((key) => key !== 'exec')
  if (other !== undefined) {
    throw new Failure('bad_request', `the user '${user}' in ${path} has a credential of its own (${other})`, {
      hint: `\`kubectl config unset users.${user}\` first, or name another user`,
    })
  }
  const users = document.get('users')
  if (isSeq(users) && users.items.length === 0) users.flow = false
  if (index < 0 || !isMap(document.getIn(['users', index])))
    document.addIn(['users'], document.createNode({ name: user, user: { exec } }))
  else document.setIn(['users', index, 'user'], document.createNode({ exec }))
  return {
    changes: fileChange(path, () =>
      document.toString({ indentSeq: !/^\w[\w-]*:\n- /m.test(text), flowCollectionPadding: /\{ /.test(text) }),
    ),
    notes: [],
  }
}

function aws(surroundings: Surroundings): Plan {
  const { env, home, targets, options } = surroundings
  const path = env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config')
  const name = targets[0] ?? 'authsock'
  const section = name === 'default' ? name : `profile ${name}`
  const what = options.profile ?? profileOf(surroundings, 'aws')
  const role =
    options.roleArn === undefined ? [] : ['--role-arn', options.roleArn, ...(options.idToken === true ? ['--id-token'] : [])]
  const command = [`"${program(surroundings, 'authsock-client')}"`, 'aws', what, ...role].join(' ')
  const edit = (text: string): string => {
    const done = setIni(text, section, 'credential_process', command)
    return options.region === undefined ? done : setIni(done, section, 'region', options.region)
  }
  return { changes: fileChange(path, edit), notes: [`use it with AWS_PROFILE=${name}`] }
}

async function cargo(surroundings: Surroundings): Promise<Plan> {
  const { env, home, targets } = surroundings
  const path = join(env['CARGO_HOME'] ?? join(home, '.cargo'), 'config.toml')
  const command = quoted(program(surroundings, 'cargo-credential-authsock'))
  const before = readText(path) ?? ''
  let after = before
  for (const name of targets) after = await setToml(after, ['registries', name], 'credential-provider', `[${command}]`, path)
  // The last one counts first; cargo's own file stays for what authsock does not know.
  if (targets.length === 0)
    after = await setToml(after, ['registry'], 'global-credential-providers', `["cargo:token", ${command}]`, path)
  return { changes: fileChange(path, () => after), notes: [] }
}

function pip(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config')
  const { changes, notes } = onPath(surroundings, 'keyring')
  const uv = join(config, 'uv', 'uv.toml')
  return {
    changes: [
      ...fileChange(env['PIP_CONFIG_FILE'] ?? join(config, 'pip', 'pip.conf'), (text) =>
        setIni(text, 'global', 'keyring-provider', 'subprocess'),
      ),
      ...(existsSync(join(config, 'uv'))
        ? fileChange(uv, (text) => setIni(text, undefined, 'keyring-provider', '"subprocess"'))
        : []),
      ...changes,
    ],
    notes: [...notes, 'services without a route go on to the real keyring, if there is one'],
  }
}

function terraform(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const path = env['TF_CLI_CONFIG_FILE'] ?? join(home, '.terraformrc')
  const name = 'terraform-credentials-authsock'
  const edit = (text: string): string => {
    const other = /^\s*credentials_helper\s+"([^"]*)"/m.exec(text)?.[1]
    if (other === 'authsock') return text
    if (other === undefined) return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}credentials_helper "authsock" {}\n`
    throw new Failure('bad_request', `${path} names another credentials helper, '${other}', and Terraform takes one`, {
      hint: 'take it out first',
    })
  }
  return {
    changes: [...fileChange(path, edit), ...linkChange(join(home, '.terraform.d', 'plugins', name), program(surroundings, name))],
    notes: [],
  }
}

function go(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const path = env['GOENV'] ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'go', 'env')
  const command = program(surroundings, 'goauth-authsock')
  const edit = (text: string): string => {
    const before = /^GOAUTH=(.*)$/m.exec(text)?.[1] ?? 'netrc'
    return before.includes(command) ? text : setIni(text, undefined, 'GOAUTH', `${before}; ${command}`, '=')
  }
  return { changes: fileChange(path, edit), notes: ['go asks over https only'] }
}

function pnpm(surroundings: Surroundings): Plan {
  const { env, home, targets } = surroundings
  if (targets.length === 0)
    throw new Failure('bad_request', 'which registry?', { hint: '`authsock setup pnpm https://npm.example.com/ --profile NAME`' })
  const profile = profileOf(surroundings, 'pnpm')
  const link = join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'authsock', 'bin', `pnpm-authsock-${profile}`)
  const keys = placesOf(surroundings).map(
    (place) => `//${placeText({ ...place, scheme: 'https' }).slice('https://'.length)}/:tokenHelper`,
  )
  const path = env['NPM_CONFIG_USERCONFIG'] ?? join(home, '.npmrc')
  return {
    changes: [
      ...linkChange(link, program(surroundings, 'pnpm-authsock')),
      ...fileChange(path, (text) => keys.reduce((done, key) => setIni(done, undefined, key, link, '='), text)),
    ],
    notes: ['npm and bun have no such hook: `authsock exec` gives them a token in a variable'],
  }
}

function bazel(surroundings: Surroundings): Plan {
  const { home, targets } = surroundings
  const hosts = targets.length > 0 ? targets : [...new Set(surroundings.routes.map(({ place }) => place.host))]
  if (hosts.length === 0) throw new Failure('bad_request', 'for which hosts?', { hint: "`authsock setup bazel '*.example.com'`" })
  const command = program(surroundings, 'authsock-bazel')
  const lines = hosts.map((host) => `common --credential_helper=${host}=${command}`)
  return { changes: fileChange(join(home, '.bazelrc'), (text) => lines.reduce(addLine, text)), notes: [] }
}

function claude(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const path = join(env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude'), 'settings.json')
  const command = program(surroundings, 'authsock-claude')
  const what = surroundings.targets[0] ?? profileOf(surroundings, 'claude')
  return {
    changes: fileChange(path, (text) => setJson(text, ['apiKeyHelper'], `${command} ${what}`, path)),
    notes: [`for an MCP server with a route: "headersHelper": "${command}"`],
  }
}

async function codex(surroundings: Surroundings): Promise<Plan> {
  const { env, home, targets } = surroundings
  const path = join(env['CODEX_HOME'] ?? join(home, '.codex'), 'config.toml')
  const [provider] = targets
  if (provider === undefined)
    throw new Failure('bad_request', 'for which of its model providers?', {
      hint: '`authsock setup codex PROVIDER --profile NAME`',
    })
  const table = ['model_providers', provider, 'auth']
  const profile = profileOf(surroundings, 'codex')
  const before = readText(path) ?? ''
  const command = await setToml(before, table, 'command', quoted(program(surroundings, 'authsock-client')), path)
  const after = await setToml(command, table, 'args', `["codex", ${quoted(profile)}]`, path)
  return { changes: fileChange(path, () => after), notes: [] }
}

const tool = (name: string, about: string, plan: Tool['plan']): Tool => ({ name, about, plan })

export const tools: readonly Tool[] = [
  tool('git', 'for all hosts, or only those named', git),
  tool('docker', 'and podman, skopeo: for all registries, or only those named', docker),
  tool('kubectl', 'a user of the kubeconfig (default: that of the current context)', kubectl),
  tool('aws', 'a profile of ~/.aws/config; --role-arn, or a static secret as --profile', aws),
  tool('cargo', 'all registries, or only those named', cargo),
  tool('pip', 'and uv', pip),
  tool('terraform', 'and OpenTofu', terraform),
  tool('go', 'GOAUTH', go),
  tool('pnpm', 'the registries named', pnpm),
  tool('bazel', 'the hosts named, or those of the routes', bazel),
  tool('claude', 'Claude Code: an API key or token, of a secret or a profile', claude),
  tool('codex', 'one of its model providers', codex),
]
