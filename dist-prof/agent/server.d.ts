import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller } from '../core/caller.ts';
import { type Share } from '../core/share.ts';
import type { Agent } from './agent.ts';
import type { TcpGuard } from './tcp-guard.ts';
export interface ServerPorts {
    readonly agent: Agent;
    /** Whether the process at the other end may speak: asked once a connection. */
    readonly isTrustedPeer: (socket: Socket) => boolean;
    readonly callerOf: (socket: Socket) => Caller;
    readonly log: (text: string) => void;
    /** Somebody has asked for something. */
    readonly onRequest?: () => void;
    /** Of a shared socket: what it gives, as it is now (L3). */
    readonly share?: () => Share;
    /** Of a shared socket that is a TCP port. */
    readonly guard?: TcpGuard;
}
export interface AgentServer {
    readonly http: Server;
    /** Ends what is idle, lets what is being answered finish, and resolves when all is closed. */
    close(): Promise<void>;
}
export declare function createAgentServer({ agent, isTrustedPeer, callerOf, log, onRequest, share, guard }: ServerPorts): AgentServer;
