import type { Agent } from './agent.ts';
import type { Asker } from './gate.ts';
export interface RouteRequest {
    /** Without the question mark. */
    readonly query: string;
    /** The name in the path, where the path has one. */
    readonly profile: string;
    /** Parsed JSON; undefined for an empty body. */
    readonly body: unknown;
    readonly acceptsText: boolean;
    /** Who asks is looked at only when it matters. */
    readonly asker: (request: string) => Asker;
}
export interface Answer {
    readonly status: number;
    readonly type: 'application/json' | 'text/plain; charset=utf-8' | undefined;
    readonly body: string;
}
export type Handler = (agent: Agent, request: RouteRequest) => Answer | Promise<Answer>;
export declare const json: (value: unknown, status?: number) => Answer;
/** The handler of a request. Throws not_found, method_not_allowed, bad_request. */
export declare function findHandler(method: string, path: string): {
    readonly handler: Handler;
    readonly profile: string;
};
export declare function getToken(agent: Agent, { query, acceptsText, asker }: RouteRequest): Answer | Promise<Answer>;
