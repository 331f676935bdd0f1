// The tools that `authsock setup` can configure, a row each. A plan changes nothing.

import { closest } from '../../core/util/closest.ts'
import { claude, codex } from './assistants.ts'
import { aws, kubectl, terraform } from './clouds.ts'
import { docker, podman } from './containers.ts'
import { git } from './git.ts'
import { bazel, cargo, go, pip, pnpm } from './languages.ts'
import { mcpTools } from './mcp-clients.ts'
import type { Tool } from './context.ts'

const tool = (name: string, about: string, plan: Tool['plan']): Tool => ({ name, about, plan })

export const tools: readonly Tool[] = [
  tool('git', 'every host, or only the given ones', git),
  tool('docker', 'every registry, or only the given ones', docker),
  tool('podman', 'and skopeo, buildah: every registry, or only the given ones', podman),
  tool('kubectl', 'a user of the kubeconfig (default: the one of the current context)', kubectl),
  tool('aws', 'a profile of ~/.aws/config, with --role-arn or a static secret', aws),
  tool('cargo', 'every registry, or only the given ones', cargo),
  tool('pip', 'and uv', pip),
  tool('terraform', 'and OpenTofu', terraform),
  tool('go', 'GOAUTH', go),
  tool('pnpm', 'the given registries', pnpm),
  tool('bazel', 'the given hosts, or those of the routes', bazel),
  tool('claude', 'Claude Code: an API key or token from a static secret or a profile, or the MCP server at a URL', claude),
  tool('codex', 'a model provider of Codex, or the MCP server at a URL', codex),
  ...mcpTools,
]

/** Tools that are configured together with another one, or have another name. */
const otherTools: ReadonlyMap<string, string> = new Map([
  ['uv', 'pip'],
  ['twine', 'pip'],
  ['poetry', 'pip'],
  ['keyring', 'pip'],
  ['skopeo', 'podman'],
  ['buildah', 'podman'],
  ['k8s', 'kubectl'],
  ['kubernetes', 'kubectl'],
  ['tofu', 'terraform'],
  ['opentofu', 'terraform'],
  ['golang', 'go'],
])

export const suggestTool = (word: string): string | undefined =>
  otherTools.get(word) ??
  closest(
    word,
    tools.map(({ name }) => name),
  )
