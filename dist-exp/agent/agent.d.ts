import type { Clock } from '../core/ports.ts';
import type { Grant } from '../core/profile.ts';
import { type Redacted } from '../core/redacted.ts';
import type { Target } from '../core/session.ts';
import type { MasterKeyChoice, Vault } from '../vault/vault.ts';
import type { AgentStatus, ApprovalAnswer, ApprovalReply, ApprovalStatus, EventMessage, LogoutAnswer, SecretRequest, SecretStatus, SessionStatus, ShareRequest, ShareStatus, VaultStatus } from '../wire/messages.ts';
import type { Approvals } from './approvals.ts';
import type { Credentials } from './credentials.ts';
import type { EventHub } from './events.ts';
import type { Asker, Gate } from './gate.ts';
import { type HelperOutcome } from './helper-calls.ts';
import type { LoginConversation, Logins } from './logins.ts';
import type { Logout } from './logout.ts';
import type { Profiles } from './profiles.ts';
import { type Secrets } from './secrets.ts';
import type { Shares } from './shares.ts';
import type { Issued, Sessions } from './sessions.ts';
export interface AgentParts {
    readonly clock: Clock;
    readonly vault: Vault;
    readonly profiles: Profiles;
    readonly sessions: Sessions;
    readonly logins: Logins;
    readonly logout: Logout;
    readonly secrets: Secrets;
    readonly credentials: Credentials;
    readonly gate: Gate;
    readonly shares: Shares;
    readonly approvals: Approvals;
    readonly events: EventHub;
    readonly about: {
        readonly version: string;
        readonly socket: string;
    };
    /** Sentences that hold as long as the agent runs. */
    readonly warnings: Set<string>;
    readonly shutDown: () => void;
}
export declare class Agent {
    #private;
    constructor(parts: AgentParts);
    /** Milliseconds since the epoch. */
    now(): number;
    /** `minTtl` in seconds. Synchronous where nothing has to be looked up, asked or waited for. */
    token(asker: Asker, profile: string | undefined, target: Target, minTtl: number | undefined): Issued | Promise<Issued>;
    /** What was not even a request for a token. */
    refused(asker: Asker, error: unknown): void;
    /** A tool's call of its helper. Never throws, but where `throws` asks for it. */
    helper(asker: Asker, body: Buffer, throws?: boolean): Promise<HelperOutcome>;
    approvals(): readonly ApprovalStatus[];
    /** Something comes back where it was for always. Throws not_found. */
    answerApproval(id: string, reply: ApprovalReply): Promise<ApprovalAnswer> | undefined;
    shares(): Promise<readonly ShareStatus[]>;
    share(name: string): Promise<ShareStatus>;
    /** Its profiles must be there; whether somebody is logged in to them is for later. */
    makeShare(name: string, request: ShareRequest): Promise<ShareStatus>;
    removeShare(name: string): Promise<void>;
    /** What is known of the static secrets, but never one itself (L2). */
    secrets(): Promise<readonly SecretStatus[]>;
    putSecret(name: string, { value, url, username, expires_at: expiresAt }: SecretRequest): Promise<void>;
    removeSecret(name: string): Promise<void>;
    status(): Promise<AgentStatus>;
    vaultStatus(): VaultStatus;
    sessions(): Promise<readonly SessionStatus[]>;
    session(name: string): Promise<SessionStatus>;
    logIn(name: string | undefined, grant: Grant | undefined, conversation: LoginConversation): Promise<SessionStatus>;
    logOut(name: string): Promise<LogoutAnswer>;
    /** Resolves when no token can leave and the key is gone from memory; what was being refreshed is saved first. */
    lock(): Promise<VaultStatus>;
    unlock(passphrase: Redacted<string> | undefined): Promise<VaultStatus>;
    changeMasterKey(choice: MasterKeyChoice): Promise<VaultStatus>;
    setClientSecret(name: string, secret: Redacted<string>): Promise<void>;
    removeClientSecret(name: string): Promise<void>;
    subscribe(subscriber: (event: EventMessage) => void): () => void;
    requestShutdown(): void;
}
