// docker, and the tools that share the configuration of podman: podman, skopeo, buildah.

import { join } from 'node:path'
import { dockerHubKey, isDockerHub } from '../../core/credentials/docker-hub.ts'
import { formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { defined } from '../../core/util/defined.ts'
import { type Change, fileChange, type Plan, readText } from './change.ts'
import { setJson } from './edits.ts'
import { helperReplacedNotice, onPath, patternsOf, type SetupContext } from './context.ts'

const helperProgram = 'docker-credential-authsock'

export function docker(context: SetupContext): Plan {
  const { env, home, targets } = context
  const path = join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json')
  const { changes, notes } = onPath(context, helperProgram)
  const store = /"credsStore"\s*:\s*"([^"]+)"/.exec(readText(path) ?? '')?.[1]
  const replaced = targets.length === 0 && store !== undefined && store !== 'authsock'
  const edit =
    targets.length === 0
      ? fileChange(path, (text) => setJson(text, ['credsStore'], 'authsock', path))
      : credHelpers(context, path, dockerHubKey)
  return {
    changes: [...edit, ...changes],
    notes: [
      ...notes,
      ...(replaced ? [helperReplacedNotice(`the store '${store}'`, 'docker')] : []),
      'podman, skopeo and buildah have a configuration of their own: `authsock setup podman`',
    ],
  }
}

/** A file of its own in registries.conf.d: a registries.conf of the user's would hide the system's. */
export function podman(context: SetupContext): Plan {
  const { env, home, targets } = context
  // registries.conf is below ~/.config whatever XDG_CONFIG_HOME says; auth.json follows it.
  const folder = join(home, '.config', 'containers')
  const authFile = env['REGISTRY_AUTH_FILE'] ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers', 'auth.json')
  const { changes, notes } = onPath(context, helperProgram)
  const edit =
    targets.length === 0
      ? fileChange(join(folder, 'registries.conf.d', '50-authsock.conf'), () => dropIn)
      : credHelpers(context, authFile, 'docker.io')
  const own = /^\s*credential-helpers\s*=\s*(\[[^\]]*\])/m.exec(readText(join(folder, 'registries.conf')) ?? '')?.[1]
  return {
    changes: [...edit, ...changes],
    notes: [
      ...notes,
      ...(targets.length === 0 && own !== undefined && !own.includes('authsock')
        ? [helperReplacedNotice(`the helpers ${own} of registries.conf`, 'podman')]
        : []),
    ],
  }
}

/** Logins in auth.json still count for registries that authsock has no credential for. */
const dropIn = 'credential-helpers = ["authsock", "containers-auth.json"]\n'

/** These tools look up hosts, never repositories. `hub`: the key of Docker Hub. */
function credHelpers(context: SetupContext, path: string, hub: string): readonly Change[] {
  const keys = patternsOf(context).map(({ host, port }) =>
    isDockerHub({ host }) ? hub : formatUrlPattern({ host, segments: [], ...defined({ port }) }),
  )
  return fileChange(path, (text) => keys.reduce((done, key) => setJson(done, ['credHelpers', key], 'authsock', path), text))
}
