// What each tool needs to be told so that it asks authsock: a row each. A plan changes nothing.

import { claude, codex } from './assistants.ts'
import { aws, docker, kubectl, terraform } from './clouds.ts'
import { git } from './git.ts'
import { bazel, cargo, go, pip, pnpm } from './languages.ts'
import type { Tool } from './context.ts'

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
