import { type Grant } from '../core/profile.ts';
import type { Target } from '../core/session.ts';
import type { ApprovalReply, ClientSecretRequest, LoginReply, MasterKeyRequest, SecretRequest, ShareRequest, UnlockRequest } from './messages.ts';
export interface TokenRequest {
    readonly profile?: string;
    readonly target: Target;
    /** Seconds. */
    readonly minTtl?: number;
}
export declare function decodeTokenRequest(query: string): TokenRequest;
export interface LoginRequest {
    readonly profile?: string;
    readonly grant?: Grant;
}
export declare function decodeLoginRequest(query: string): LoginRequest;
export declare function checkProfileName(name: string): string;
export declare function decodeUnlockRequest(json: unknown): UnlockRequest;
export declare function decodeMasterKeyRequest(json: unknown): MasterKeyRequest;
export declare const decodeClientSecretRequest: (json: unknown) => ClientSecretRequest;
export declare function decodeSecretRequest(json: unknown): SecretRequest;
export declare function decodeShareRequest(json: unknown): ShareRequest;
export declare function decodeApprovalReply(json: unknown): ApprovalReply;
export declare function decodeLoginReply(json: unknown): LoginReply;
