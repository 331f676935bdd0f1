export declare const exitCodes: {
    readonly ok: 0;
    readonly unexpected: 1;
    readonly usage: 2;
    readonly loginRequired: 3;
    readonly locked: 4;
    readonly unavailable: 5;
    readonly denied: 6;
    readonly noAgent: 7;
    readonly refused: 8;
    readonly storage: 9;
    readonly cancelled: 130;
};
interface Row {
    readonly status: number;
    readonly exitCode: number;
    /** What to type or do next; `{profile}` stands for the profile's name. */
    readonly hint: string;
}
declare const table: {
    bad_request: Row;
    not_found: Row;
    method_not_allowed: Row;
    request_timeout: Row;
    too_large: Row;
    too_many_requests: Row;
    unknown_profile: Row;
    profile_required: Row;
    profile_exists: Row;
    config_invalid: Row;
    peer_denied: Row;
    unauthorized: Row;
    login_required: Row;
    login_pending: Row;
    login_failed: Row;
    login_expired: Row;
    login_cancelled: Row;
    scope_not_allowed: Row;
    scope_not_granted: Row;
    denied: Row;
    approval_required: Row;
    approval_declined: Row;
    share_limited: Row;
    share_expired: Row;
    secret_expired: Row;
    server_unreachable: Row;
    server_timeout: Row;
    server_unavailable: Row;
    server_invalid_response: Row;
    server_refused: Row;
    client_refused: Row;
    discovery_failed: Row;
    issuer_mismatch: Row;
    unsupported_by_server: Row;
    insecure_url: Row;
    vault_locked: Row;
    keychain_locked: Row;
    keychain_absent: Row;
    keychain_unreachable: Row;
    master_key_wrong: Row;
    master_key_unavailable: Row;
    unlock_throttled: Row;
    storage_failed: Row;
    record_damaged: Row;
    record_superseded: Row;
    lock_timeout: Row;
    agent_unreachable: Row;
    agent_untrusted: Row;
    shutting_down: Row;
    cancelled: Row;
    unexpected: Row;
};
export type FailureCode = keyof typeof table;
export interface FailureDetails {
    /** Whose session it is about; fills `{profile}` in the hint. */
    readonly profile?: string;
    /** Replaces the table's hint where a better one is known. */
    readonly hint?: string;
    /** Seconds after which a retry makes sense. */
    readonly retryAfter?: number;
    /** The error code of RFC 6749 and its family, where the server sent one. */
    readonly oauthError?: string;
    readonly cause?: unknown;
}
/** The one error that crosses module borders. `message` is one lower-case sentence, and never holds a secret. */
export declare class Failure extends Error {
    readonly name = "Failure";
    readonly code: FailureCode;
    readonly details: FailureDetails;
    constructor(code: FailureCode, message: string, details?: FailureDetails);
    get status(): number;
    get exitCode(): number;
    get hint(): string;
    /** The same failure, said about a profile. */
    of(profile: string): Failure;
}
export declare const failureCodes: FailureCode[];
export declare const isFailureCode: (code: unknown) => code is FailureCode;
/** Whatever was thrown, as a Failure; an unknown error becomes `unexpected` and keeps its cause. */
export declare const asFailure: (error: unknown) => Failure;
export {};
