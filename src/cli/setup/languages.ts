// Package managers and build tools: cargo, pip and uv, go, pnpm, bazel.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { fileChange, linkChange, type Plan, readText } from './change.ts'
import { addLine, setIni, setToml } from './edits.ts'
import { onPath, placesOf, profileOf, program, quoted, type Surroundings } from './context.ts'

export async function cargo(surroundings: Surroundings): Promise<Plan> {
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

export function pip(surroundings: Surroundings): Plan {
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
    notes: [
      ...notes,
      'pip before 26.2, and uv, ask only where the index URL has a user name: https://oauth2@HOST/simple/',
      'services without a route go on to the real keyring, if there is one',
    ],
  }
}

export function go(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const path = env['GOENV'] ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'go', 'env')
  const command = program(surroundings, 'goauth-authsock')
  const edit = (text: string): string => {
    const before = /^GOAUTH=(.*)$/m.exec(text)?.[1]?.trim() ?? ''
    if (before.includes(command)) return text
    // `off` stands alone, and nothing is netrc.
    const after = before === 'off' ? command : `${before === '' ? 'netrc' : before}; ${command}`
    return setIni(text, undefined, 'GOAUTH', after, '=')
  }
  return { changes: fileChange(path, edit), notes: ['go asks over https only'] }
}

export function pnpm(surroundings: Surroundings): Plan {
  const { env, home, targets } = surroundings
  if (targets.length === 0)
    throw new Failure('bad_request', 'which registry?', { hint: '`authsock setup pnpm https://npm.example.com/ --profile NAME`' })
  const profile = profileOf(surroundings, 'pnpm')
  const link = join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'authsock', 'bin', `pnpm-authsock-${profile}`)
  const keys = placesOf(surroundings).map(
    (place) => `//${formatUrlPattern({ ...place, scheme: 'https' }).slice('https://'.length)}/:tokenHelper`,
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

export function bazel(surroundings: Surroundings): Plan {
  const { home, targets } = surroundings
  const hosts = targets.length > 0 ? targets : [...new Set(surroundings.routes.map(({ pattern: place }) => place.host))]
  if (hosts.length === 0) throw new Failure('bad_request', 'for which hosts?', { hint: "`authsock setup bazel '*.example.com'`" })
  const command = program(surroundings, 'authsock-bazel')
  const lines = hosts.map((host) => `common --credential_helper=${host}=${command}`)
  return { changes: fileChange(join(home, '.bazelrc'), (text) => lines.reduce(addLine, text)), notes: [] }
}
