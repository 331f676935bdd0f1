// One row for each helper: all that a client must know about a tool's protocol to carry it. The thin client in C is generated from
// these rows (scripts/thin-client.ts). src/helpers/ has the adapter for each.

/** How a tool is told that its helper failed, by the agent's adapter or by a client that gets no answer. */
export interface FailureForm {
  /**
   * Written to stdout. `{message}` stands for the message and the hint on one line, `{status}` for the HTTP status of the failure; in
   * JSON, `{message}` is escaped.
   */
  readonly stdout: string
  readonly isJson: boolean
  /** Whether the message goes to stderr as well. */
  readonly stderr: boolean
  /** Default: the exit code of the failure. */
  readonly exit?: number
  /** A client that fails in the first call writes this first, then reads one line of stdin. */
  readonly greeting?: string
}

export interface HelperRow {
  /** The name in `POST /v1/helper/{name}` and `authsock-client NAME ...`. */
  readonly name: string
  /** The names of the programs that tools start. */
  readonly programs: readonly string[]
  /** What to read before the call. `block`: up to an empty line or the end. `lines`: one call for each line. */
  readonly stdin: 'none' | 'block' | 'all' | 'lines'
  /** The environment variables that belong to the protocol. */
  readonly env: readonly string[]
  readonly about: string
  /** Default: the message on stderr, and the exit code of the failure. */
  readonly failure?: FailureForm
}

export const helpers = [
  { name: 'token', programs: ['authsock-token'], stdin: 'none', env: [], about: 'print an access token' },
  { name: 'header', programs: [], stdin: 'none', env: [], about: 'print an Authorization header' },
  { name: 'password', programs: [], stdin: 'none', env: [], about: 'print the credential of a URL or of a secret' },
  {
    name: 'git',
    programs: ['git-credential-authsock'],
    stdin: 'block',
    env: ['GIT_TERMINAL_PROMPT'],
    about: 'git credential helper',
    // Without quit=1 git would continue and prompt for a password.
    failure: { stdout: 'quit=1\n', isJson: false, stderr: true },
  },
  {
    name: 'docker',
    programs: ['docker-credential-authsock'],
    stdin: 'all',
    env: [],
    about: 'Docker credential helper',
    failure: { stdout: '{message}\n', isJson: false, stderr: false, exit: 1 },
  },
  {
    name: 'kubectl',
    programs: ['kubectl-credential-authsock'],
    stdin: 'none',
    env: ['KUBERNETES_EXEC_INFO'],
    about: 'kubectl exec plugin',
  },
  {
    name: 'aws',
    programs: ['aws-credential-authsock'],
    stdin: 'none',
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'],
    about: 'AWS credential_process',
  },
  {
    name: 'google',
    programs: ['google-credential-authsock'],
    stdin: 'none',
    env: ['GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE', 'GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE'],
    about: 'Google executable-sourced credential',
    // The client libraries read errors only from stdout, and only with exit code 0.
    failure: {
      stdout: '{"version":1,"success":false,"code":"{status}","message":"{message}"}\n',
      isJson: true,
      stderr: false,
      exit: 0,
    },
  },
  {
    name: 'cargo',
    programs: ['cargo-credential-authsock'],
    stdin: 'lines',
    env: [],
    about: 'Cargo credential provider',
    failure: {
      stdout: '{"Err":{"kind":"other","message":"{message}","caused-by":[]}}\n',
      isJson: true,
      stderr: false,
      exit: 0,
      greeting: '{"v":[1]}\n',
    },
  },
  {
    name: 'terraform',
    programs: ['terraform-credentials-authsock'],
    stdin: 'all',
    env: [],
    about: 'Terraform and OpenTofu credentials helper',
  },
  { name: 'keyring', programs: ['keyring'], stdin: 'none', env: [], about: "keyring for pip, uv and Python's keyring" },
  { name: 'goauth', programs: ['goauth-authsock'], stdin: 'none', env: [], about: 'GOAUTH command' },
  { name: 'pnpm', programs: ['pnpm-authsock'], stdin: 'none', env: [], about: 'pnpm tokenHelper' },
  { name: 'bazel', programs: ['authsock-bazel'], stdin: 'all', env: [], about: 'Bazel credential helper' },
  {
    name: 'claude',
    programs: ['authsock-claude'],
    stdin: 'none',
    env: ['CLAUDE_CODE_MCP_SERVER_URL'],
    about: 'Claude Code apiKeyHelper and headersHelper',
  },
  { name: 'codex', programs: ['authsock-codex'], stdin: 'none', env: [], about: 'Codex model provider auth' },
  { name: 'nuget', programs: ['nuget-plugin-authsock'], stdin: 'lines', env: [], about: 'NuGet plugin' },
] as const satisfies readonly HelperRow[]

export type HelperName = (typeof helpers)[number]['name']

export const findHelper = (name: string): (HelperRow & { readonly name: HelperName }) | undefined =>
  helpers.find((each) => each.name === name)

/** `pnpm-authsock` is the helper `pnpm`; `pnpm-authsock-work` is the same with `work` as its first argument. */
export function helperOfProgram(program: string): { readonly helper: HelperRow; readonly first?: string } | undefined {
  const rows: readonly HelperRow[] = helpers
  const exact = rows.find(({ programs }) => programs.includes(program))
  if (exact !== undefined) return { helper: exact }
  for (const helper of rows) {
    const prefix = helper.programs.find((name) => name.includes('authsock') && program.startsWith(`${name}-`))
    const first = prefix === undefined ? '' : program.slice(prefix.length + 1)
    if (first !== '') return { helper, first }
  }
  return undefined
}
