// Texts that explain more than one command.
export const overview = `authsock keeps your OAuth logins: it refreshes each once, however many programs ask,
and hands access tokens to whoever of yours needs one.

  authsock login https://ISSUER --client-id ID   log in for the first time
  authsock login work                            log in again
  authsock token work                            an access token, on stdout
  authsock status                                what you are logged in to

\`authsock help\` lists everything.`;
export const topics = {
    'exit-codes': `Exit codes, the same for every command; \`authsock exec\` ends with its command's:

    0   done
    1   unexpected: a defect, please report it
    2   wrong usage: arguments, an unknown profile, a mistake in config.toml
    3   a login is required, or under way
    4   the vault or the keychain is locked
    5   not available just now: network, server, another agent; try again
    6   not allowed: a scope that the profile does not have, somebody else's agent
    7   no agent, and none could be started
    8   the server has refused
    9   storage: disk, vault or keychain cannot be used
  130   cancelled

With --json an error is a problem document (RFC 9457) on one line of stderr, with a stable \`code\`.`,
    helpers: `Tools ask authsock through the credential helpers that they already know. \`authsock setup TOOL\` sets them up;
\`authsock route add URL --profile PROFILE\` says which login a URL gets.

  git         credential.helper = .../git-credential-authsock          get, store, erase
  docker      "credsStore": "authsock", also podman, skopeo, buildah   docker-credential-authsock
  kubectl     exec: command authsock-client, args [kubectl, PROFILE]   --id-token for an ID token
  aws         credential_process = authsock-client aws NAME            --role-arn ARN, or a static secret
  google      "executable": {"command": "authsock-client google PROFILE"}
  cargo       credential-provider = [".../cargo-credential-authsock"]
  terraform   credentials_helper "authsock" {}
  pip, uv     keyring-provider = subprocess                            keyring, which passes on what it has not
  go          GOAUTH = .../goauth-authsock
  pnpm        //HOST/:tokenHelper=.../pnpm-authsock-PROFILE            a link by that name
  bazel       --credential_helper=HOST=.../authsock-bazel
  nuget       a plugin: nuget-plugin-authsock
  claude      apiKeyHelper, headersHelper: authsock-claude [NAME]
  codex       auth: command authsock-client, args [codex, NAME]

  authsock-client token PROFILE      the bare token, for msmtp, mbsync, rclone and whatever runs a command
  authsock-client header PROFILE     as a header, for curl -H
  authsock-client password NAME|URL  a static secret, or what a route gives

All are one small program that asks the agent, in a folder that \`authsock doctor\` names. A tool that needs a login, and runs in a terminal, starts one
and waits for it; \`interactive_login = false\` in config.toml has it fail at once instead. Where there is no such
hook (npm, bun, many SDKs): \`authsock exec\` and \`authsock serve\`.`,
    vault: `The vault holds refresh tokens, access tokens and client secrets in sealed files. One master key opens
them, and you choose where that key is kept:

  authsock vault master-key keychain            in the keychain of your desktop (the default)
  authsock vault master-key passphrase          behind a passphrase; \`authsock unlock\` after each start
  authsock vault master-key key-file PATH       in a file of yours, say on a removable disk or a secret mount
  authsock vault master-key insecure-key-file   in a plain file beside the vault: whoever copies the folder
                                                has every login. The agent warns of it at each start

An agent started with --master-key-fd, --master-key-file, AUTHSOCK_MASTER_KEY_FILE or a systemd credential
named authsock-master-key uses that key for a new vault.

Changing it seals every record anew; a crash in between loses nothing.

If the keychain entry is gone for good, what it sealed cannot be read by anybody. Move the vault folder away
(\`authsock doctor\` names it) and log in again.`,
};
