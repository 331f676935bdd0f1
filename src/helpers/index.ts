// The table of adapters, one a tool; each is loaded when its tool first calls. Used by the agent alone.

import type { HelperName } from '../wire/helper-table.ts'
import type { Helper } from './ports.ts'

export const adapters: Readonly<Record<HelperName, () => Promise<Helper>>> = {
  token: async () => (await import('./token.ts')).token,
  header: async () => (await import('./token.ts')).header,
  password: async () => (await import('./token.ts')).password,
  git: async () => (await import('./git.ts')).git,
  docker: async () => (await import('./docker.ts')).docker,
  kubectl: async () => (await import('./kubectl.ts')).kubectl,
  aws: async () => (await import('./aws.ts')).aws,
  google: async () => (await import('./google.ts')).google,
  cargo: async () => (await import('./cargo.ts')).cargo,
  terraform: async () => (await import('./terraform.ts')).terraform,
  keyring: async () => (await import('./keyring.ts')).keyring,
  goauth: async () => (await import('./goauth.ts')).goauth,
  pnpm: async () => (await import('./pnpm.ts')).pnpm,
  bazel: async () => (await import('./bazel.ts')).bazel,
  claude: async () => (await import('./claude.ts')).claude,
  codex: async () => (await import('./token.ts')).token,
  nuget: async () => (await import('./nuget.ts')).nuget,
}
