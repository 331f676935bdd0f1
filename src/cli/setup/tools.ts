// The tools that `authsock setup` can configure, a row each. A plan changes nothing.

import { claude, codex } from './assistants.ts'
import { aws, docker, kubectl, terraform } from './clouds.ts'
import { git } from './git.ts'
import { bazel, cargo, go, pip, pnpm } from './languages.ts'
import type { Tool } from './context.ts'

const tool = (name: string, about: string, plan: Tool['plan']): Tool => ({ name, about, plan })

export const tools: readonly Tool[] = [
  tool('git', 'every host, or only the given ones', git),
  tool('docker', 'and podman, skopeo: every registry, or only the given ones', docker),
  tool('kubectl', 'a user of the kubeconfig (default: the one of the current context)', kubectl),
  tool('aws', 'a profile of ~/.aws/config, with --role-arn or a static secret', aws),
  tool('cargo', 'every registry, or only the given ones', cargo),
  tool('pip', 'and uv', pip),
  tool('terraform', 'and OpenTofu', terraform),
  tool('go', 'GOAUTH', go),
  tool('pnpm', 'the given registries', pnpm),
  tool('bazel', 'the given hosts, or those of the routes', bazel),
  tool('claude', 'Claude Code: an API key or token from a static secret or a profile', claude),
  tool('codex', 'a model provider of Codex', codex),
]
