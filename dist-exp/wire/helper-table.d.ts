export interface HelperRow {
    /** As in `POST /v1/helper/{name}` and `authsock-client NAME ...`. */
    readonly name: string;
    /** Under which names tools start it. */
    readonly programs: readonly string[];
    /** `block`: to an empty line or the end. `lines`: a request for each line. */
    readonly stdin: 'none' | 'block' | 'all' | 'lines';
    /** Variables that its protocol speaks of. */
    readonly env: readonly string[];
    readonly about: string;
}
export declare const helpers: readonly [{
    readonly name: 'token';
    readonly programs: readonly ["authsock-token"];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'print an access token';
}, {
    readonly name: 'header';
    readonly programs: readonly [];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'print an Authorization header';
}, {
    readonly name: 'password';
    readonly programs: readonly [];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'print the credential of a URL or of a secret';
}, {
    readonly name: 'git';
    readonly programs: readonly ["git-credential-authsock"];
    readonly stdin: 'block';
    readonly env: readonly ["GIT_TERMINAL_PROMPT"];
    readonly about: 'git credential helper';
}, {
    readonly name: 'docker';
    readonly programs: readonly ["docker-credential-authsock"];
    readonly stdin: 'all';
    readonly env: readonly [];
    readonly about: 'Docker credential helper';
}, {
    readonly name: 'kubectl';
    readonly programs: readonly ["kubectl-credential-authsock"];
    readonly stdin: 'none';
    readonly env: readonly ["KUBERNETES_EXEC_INFO"];
    readonly about: 'kubectl exec plugin';
}, {
    readonly name: 'aws';
    readonly programs: readonly ["aws-credential-authsock"];
    readonly stdin: 'none';
    readonly env: readonly ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];
    readonly about: 'AWS credential_process';
}, {
    readonly name: 'google';
    readonly programs: readonly ["google-credential-authsock"];
    readonly stdin: 'none';
    readonly env: readonly ["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"];
    readonly about: 'Google executable-sourced credential';
}, {
    readonly name: 'cargo';
    readonly programs: readonly ["cargo-credential-authsock"];
    readonly stdin: 'lines';
    readonly env: readonly [];
    readonly about: 'Cargo credential provider';
}, {
    readonly name: 'terraform';
    readonly programs: readonly ["terraform-credentials-authsock"];
    readonly stdin: 'all';
    readonly env: readonly [];
    readonly about: 'Terraform and OpenTofu credentials helper';
}, {
    readonly name: 'keyring';
    readonly programs: readonly ["keyring"];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: "keyring for pip, uv and Python's keyring";
}, {
    readonly name: 'goauth';
    readonly programs: readonly ["goauth-authsock"];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'GOAUTH command';
}, {
    readonly name: 'pnpm';
    readonly programs: readonly ["pnpm-authsock"];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'pnpm tokenHelper';
}, {
    readonly name: 'bazel';
    readonly programs: readonly ["authsock-bazel"];
    readonly stdin: 'all';
    readonly env: readonly [];
    readonly about: 'Bazel credential helper';
}, {
    readonly name: 'claude';
    readonly programs: readonly ["authsock-claude"];
    readonly stdin: 'none';
    readonly env: readonly ["CLAUDE_CODE_MCP_SERVER_URL"];
    readonly about: 'Claude Code apiKeyHelper and headersHelper';
}, {
    readonly name: 'codex';
    readonly programs: readonly ["authsock-codex"];
    readonly stdin: 'none';
    readonly env: readonly [];
    readonly about: 'Codex model provider auth';
}, {
    readonly name: 'nuget';
    readonly programs: readonly ["nuget-plugin-authsock"];
    readonly stdin: 'lines';
    readonly env: readonly [];
    readonly about: 'NuGet plugin';
}];
export type HelperName = (typeof helpers)[number]['name'];
export declare const findHelper: (name: string) => (HelperRow & {
    readonly name: HelperName;
}) | undefined;
/** `pnpm-authsock` is the helper `pnpm`; `pnpm-authsock-work` is it with `work` as its first argument. */
export declare function helperOfProgram(program: string): {
    readonly helper: HelperRow;
    readonly first?: string;
} | undefined;
