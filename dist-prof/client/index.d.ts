/**
 * The client library: `import { connect } from 'authsock/client'`. For authors of command lines and tools who would
 * otherwise keep a token file of their own. It talks to the user's agent over its socket, and starts one where none runs.
 *
 *     const authsock = await connect()
 *     const { access_token } = await authsock.token({ profile: 'work' })
 *     authsock.close()
 *
 * Every method throws a {@link Failure}: its `code` is stable, `message` says what happened and `hint` what to do next.
 */
import type { Grant } from '../core/profile.ts';
import type { AgentStatus, ApprovalAnswer, ApprovalReply, ApprovalStatus, EventMessage, LoginMessage, LogoutAnswer, MasterKeyRequest, SecretRequest, SecretStatus, SessionStatus, ShareRequest, ShareStatus, TokenAnswer, VaultStatus } from '../wire/messages.ts';
import { Transport } from './transport.ts';
export { exitCodes, Failure, type FailureCode } from '../core/failures.ts';
export type { AgentStatus, ApprovalAnswer, ApprovalReply, ApprovalStatus, EventMessage, LoginMessage, LogoutAnswer, MasterKeyRequest, SecretRequest, SecretStatus, SessionStatus, ShareRequest, ShareStatus, TokenAnswer, VaultStatus, } from '../wire/messages.ts';
export interface ConnectOptions {
    /** Where the agent listens, or `http://HOST:PORT` of a share; otherwise `$AUTHSOCK` or the platform's place (protocol/README.md). */
    readonly socket?: string;
    /** Whether an agent is started where none runs. Default: true. */
    readonly start?: boolean;
    /** The environment that says where things are. Default: `process.env`. */
    readonly env?: NodeJS.ProcessEnv;
}
export interface TokenOptions {
    /** Default: the configured default profile, or the only one. */
    readonly profile?: string;
    /** Scopes; at most those of the profile (else scope_not_allowed). Default: all that the session was granted. */
    readonly scope?: readonly string[];
    /** RFC 8707: an absolute URI. Default: the profile's. */
    readonly resource?: string;
    readonly audience?: string;
    /** Seconds for which the token must still be good; the agent refreshes if need be. Default: 30, or a tenth of its life. */
    readonly minTtl?: number;
    readonly signal?: AbortSignal;
}
export interface LoginOptions {
    /** In place of the profile's grant. */
    readonly grant?: Grant;
    /** Aborting cancels the login. */
    readonly signal?: AbortSignal;
}
/** What the agent says during a login; ends after `done`. An `error` message is thrown as a Failure. */
export interface LoginConversation extends AsyncIterable<Exclude<LoginMessage, {
    type: 'error';
}>> {
    /** Hands over the redirected URL that a user copied from a browser on another machine. */
    redirected(url: string): void;
}
/**
 * Finds the agent, or starts it. Throws agent_unreachable, agent_untrusted (the socket is somebody else's).
 * Nothing is kept open until the first request.
 */
export declare function connect(options?: ConnectOptions): Promise<AuthsockClient>;
/** Not for other programs: what `connect` is made of. */
export declare function connectTransport(options?: ConnectOptions): {
    transport: Transport;
    start: (() => Promise<void>) | undefined;
    ask: <T>(work: () => Promise<T>) => Promise<T>;
};
export declare class AuthsockClient {
    #private;
    /** Use {@link connect}. */
    constructor(transport: Transport, start: (() => Promise<void>) | undefined);
    /** Where the agent listens. */
    get socket(): string;
    /** An access token, refreshed by the agent if need be. Times are seconds. Throws login_required, login_pending, scope_*, server_*, vault_*. */
    token(options?: TokenOptions): Promise<TokenAnswer>;
    /** The agent, its vault and all sessions. Never a token. */
    status(): Promise<AgentStatus>;
    /** All sessions. Throws config_invalid. */
    sessions(): Promise<readonly SessionStatus[]>;
    /** Throws unknown_profile. */
    session(profile: string): Promise<SessionStatus>;
    /** Ends a session here and at the server (RFC 7009). */
    logout(profile: string): Promise<LogoutAnswer>;
    /** Forgets the master key; no token leaves until `unlock`. */
    lock(): Promise<VaultStatus>;
    /** Throws vault_locked (a passphrase is needed), master_key_wrong, unlock_throttled, keychain_*. */
    unlock(passphrase?: string): Promise<VaultStatus>;
    /** Moves the vault to another master key. */
    setMasterKey(request: MasterKeyRequest): Promise<VaultStatus>;
    /** Kept in the vault, never to be read again. */
    setClientSecret(profile: string, clientSecret: string): Promise<void>;
    removeClientSecret(profile: string): Promise<void>;
    /** Keeps a static secret in the vault; what has the name is replaced. `expires_at` in seconds since the epoch. */
    setSecret(name: string, secret: SecretRequest): Promise<void>;
    /** Throws not_found. */
    removeSecret(name: string): Promise<void>;
    /** What is known of the static secrets, but never one itself. */
    secrets(): Promise<readonly SecretStatus[]>;
    /** What waits for the user's word. */
    approvals(): Promise<readonly ApprovalStatus[]>;
    /** What became of an `always`; undefined for other answers. Throws not_found. */
    answerApproval(id: string, reply: ApprovalReply): Promise<ApprovalAnswer | undefined>;
    /** Makes a shared socket, or gives the one of that name new bounds. Throws bad_request, unknown_profile. */
    makeShare(name: string, request: ShareRequest): Promise<ShareStatus>;
    shares(): Promise<readonly ShareStatus[]>;
    /** Throws not_found. */
    share(name: string): Promise<ShareStatus>;
    /** Throws not_found. */
    removeShare(name: string): Promise<void>;
    /** Stops the agent. */
    shutdown(): Promise<void>;
    /** Logs in. The caller opens the browser or shows the code; leaving the loop early cancels the login. */
    login(profile?: string, { grant, signal }?: LoginOptions): Promise<LoginConversation>;
    /** What happens in the agent, from now on. Leaving the loop (or aborting) ends it. */
    events(signal?: AbortSignal): Promise<AsyncIterable<EventMessage>>;
    /** Lets go of connections; the client can be used again. */
    close(): void;
}
