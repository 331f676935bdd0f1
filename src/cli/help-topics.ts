// Help texts about more than one command.

export const overview = `authsock keeps your OAuth logins: it refreshes each of them once, for all your programs,
and gives them access tokens.

  authsock login https://ISSUER --client-id ID   log in for the first time
  authsock login work                            log in again
  authsock token work                            print an access token
  authsock status                                show your sessions

\`authsock help\` lists all commands.`

const exitCodes = `Exit codes of every command; \`authsock exec\` exits with the code of its command:

    0   success
    1   unexpected error: please report it
    2   usage: wrong arguments, an unknown profile, an invalid config.toml
    3   a login is required, or in progress
    4   the vault or the keychain is locked
    5   temporarily unavailable: network, server, another agent; try again
    6   denied: a scope that the profile does not have, a rule, another user's agent
    7   no agent is running and none could be started
    8   refused by the server
    9   storage: the disk, vault or keychain cannot be used
  130   cancelled

With --json an error is a problem document (RFC 9457) on one line of stderr, with a stable \`code\`.`

const helpers = `Tools get credentials from authsock through their own credential-helper settings. \`authsock setup TOOL\` configures
them; \`authsock route add URL --profile PROFILE\` chooses the credential for a URL.

  git         credential.helper = .../git-credential-authsock          get, store, erase
  docker      "credsStore": "authsock"                                 docker-credential-authsock
  podman      credential-helpers = ["authsock"] in registries.conf     and skopeo, buildah
  kubectl     exec: command authsock-client, args [kubectl, PROFILE]   --id-token for an ID token
  aws         credential_process = authsock-client aws NAME            --role-arn ARN, or a static secret
  google      "executable": {"command": "authsock-client google PROFILE"}
  cargo       credential-provider = [".../cargo-credential-authsock"]
  terraform   credentials_helper "authsock" {}
  pip, uv     keyring-provider = subprocess                            keyring; passes other requests on
  go          GOAUTH = .../goauth-authsock
  pnpm        //HOST/:tokenHelper=.../pnpm-authsock-PROFILE            a link with that name
  bazel       --credential_helper=HOST=.../authsock-bazel
  nuget       a plugin: nuget-plugin-authsock
  claude      apiKeyHelper, headersHelper: authsock-claude [NAME]
  codex       auth: command authsock-client, args [codex, NAME]

  authsock-client token PROFILE      an access token, for msmtp, mbsync, rclone and other programs that run a command
  authsock-client header PROFILE     an Authorization header, for curl -H
  authsock-client password NAME|URL  a static secret, or the credential of a URL

All of them are one small program, the thin client; \`authsock doctor\` prints where it is. If a tool needs a login and
runs at a terminal, the login starts there; with \`interactive_login = false\` in config.toml the tool fails instead.
For programs without such a setting (npm, bun, many SDKs) use \`authsock exec\` or \`authsock serve\`.`

const vault = `The vault is a folder of encrypted files with refresh tokens, access tokens and client secrets. One master key
decrypts them. You choose where that key is kept:

  authsock vault master-key keychain            in the keychain of the desktop (default)
  authsock vault master-key passphrase          encrypted with a passphrase; \`authsock unlock\` after each start
  authsock vault master-key key-file PATH       in a file, for example on a removable disk or a secret mount
  authsock vault master-key insecure-key-file   in an unprotected file in the vault folder: a copy of the folder
                                                contains every login; the agent warns at each start

An agent started with --master-key-fd, --master-key-file, AUTHSOCK_MASTER_KEY_FILE or a systemd credential named
authsock-master-key uses that key for a new vault.

Changing the location encrypts every record again; a crash in between loses nothing.

Without the master key nobody can decrypt the vault. If the keychain entry is lost for good, move the vault folder
away (\`authsock doctor\` prints its path) and log in again.`

export const topics: ReadonlyMap<string, string> = new Map([
  ['exit-codes', exitCodes],
  ['helpers', helpers],
  ['vault', vault],
])
