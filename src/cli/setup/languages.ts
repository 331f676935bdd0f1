// Package managers and build tools: cargo, pip and uv, go, pnpm, bazel.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { fileChange, linkChange, type Plan, readText } from './change.ts'
import { addLine, setIni, setToml } from './edits.ts'
import { onPath, patternsOf, profileOf, program, quoted, type SetupContext } from './context.ts'

export async function cargo(context: SetupContext): Promise<Plan> {
  const { env, home, targets } = context
  const path = join(env['CARGO_HOME'] ?? join(home, '.cargo'), 'config.toml')
  const command = quoted(program(context, 'cargo-credential-authsock'))
  const before = readText(path) ?? ''
  let after = before
  for (const name of targets) after = await setToml(after, ['registries', name], 'credential-provider', `[${command}]`, path)
  // cargo asks the last provider first; its own file stays for the registries without a route.
  if (targets.length === 0)
    after = await setToml(after, ['registry'], 'global-credential-providers', `["cargo:token", ${command}]`, path)
  return { changes: fileChange(path, () => after), notes: [] }
}

export function pip(context: SetupContext): Plan {
  const { env, home } = context
  const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config')
  const { changes, notes } = onPath(context, 'keyring')
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
      'pip before 26.2 and uv ask only if the index URL has a user name: https://oauth2@HOST/simple/',
      'requests without a route are passed on to the real keyring, if one is installed',
    ],
  }
}

export function go(context: SetupContext): Plan {
  const { env, home } = context
  const path = env['GOENV'] ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'go', 'env')
  const command = program(context, 'goauth-authsock')
  const edit = (text: string): string => {
    const before = /^GOAUTH=(.*)$/m.exec(text)?.[1]?.trim() ?? ''
    if (before.includes(command)) return text
    // `off` allows no other command; the default is netrc.
    const after = before === 'off' ? command : `${before === '' ? 'netrc' : before}; ${command}`
    return setIni(text, undefined, 'GOAUTH', after, '=')
  }
  return { changes: fileChange(path, edit), notes: ['go uses it for https only'] }
}

export function pnpm(context: SetupContext): Plan {
  const { env, home, targets } = context
  if (targets.length === 0)
    throw new Failure('bad_request', 'pnpm needs a registry', {
      hint: '`authsock setup pnpm https://npm.example.com/ --profile NAME`',
    })
  const profile = profileOf(context, 'pnpm')
  const link = join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'authsock', 'bin', `pnpm-authsock-${profile}`)
  const keys = patternsOf(context).map(
    (pattern) => `//${formatUrlPattern({ ...pattern, scheme: 'https' }).slice('https://'.length)}/:tokenHelper`,
  )
  const path = env['NPM_CONFIG_USERCONFIG'] ?? join(home, '.npmrc')
  return {
    changes: [
      ...linkChange(link, program(context, 'pnpm-authsock')),
      ...fileChange(path, (text) => keys.reduce((done, key) => setIni(done, undefined, key, link, '='), text)),
    ],
    notes: ['npm and bun have no such setting: use `authsock exec`'],
  }
}

export function bazel(context: SetupContext): Plan {
  const { home, targets } = context
  const hosts = targets.length > 0 ? targets : [...new Set(context.routes.map(({ pattern }) => pattern.host))]
  if (hosts.length === 0)
    throw new Failure('bad_request', 'bazel needs hosts', { hint: "`authsock setup bazel '*.example.com'`" })
  const command = program(context, 'authsock-bazel')
  const lines = hosts.map((host) => `common --credential_helper=${host}=${command}`)
  return { changes: fileChange(join(home, '.bazelrc'), (text) => lines.reduce(addLine, text)), notes: [] }
}
