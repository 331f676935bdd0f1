// The helpers, a row each: what a client must know of a tool's protocol to carry it. The thin client is built from these rows,
// and knows no more; src/helpers/ has an adapter for each.
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
    },
    { name: 'docker', programs: ['docker-credential-authsock'], stdin: 'all', env: [], about: 'Docker credential helper' },
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
    },
    { name: 'cargo', programs: ['cargo-credential-authsock'], stdin: 'lines', env: [], about: 'Cargo credential provider' },
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
];
export const findHelper = (name) => helpers.find((each) => each.name === name);
/** `pnpm-authsock` is the helper `pnpm`; `pnpm-authsock-work` is it with `work` as its first argument. */
export function helperOfProgram(program) {
    const rows = helpers;
    const exact = rows.find(({ programs }) => programs.includes(program));
    if (exact !== undefined)
        return { helper: exact };
    for (const helper of rows) {
        const prefix = helper.programs.find((name) => name.includes('authsock') && program.startsWith(`${name}-`));
        const first = prefix === undefined ? '' : program.slice(prefix.length + 1);
        if (first !== '')
            return { helper, first };
    }
    return undefined;
}
