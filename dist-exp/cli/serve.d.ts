import type { Context } from './context.ts';
declare const serviceNames: readonly ['aws', 'azure', 'azd', 'google'];
export type ServiceName = (typeof serviceNames)[number];
export interface TargetOptions {
    readonly scope?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
}
export interface RoleOptions {
    readonly roleArn?: string;
    readonly sessionName?: string;
    readonly duration?: string;
    readonly region?: string;
    readonly idToken?: boolean;
}
export interface ServeOptions extends TargetOptions, RoleOptions {
    readonly port?: string;
}
export declare function serve(context: Context, what: string, profile: string | undefined, options: ServeOptions): Promise<void>;
export interface Services {
    readonly variables: Readonly<Record<string, string>>;
    close(): void;
}
/** Each with a port and a secret of its own; what the first request would fail with is thrown now. */
export declare function startServices(context: Context, names: readonly ServiceName[], profile: string | undefined, options: TargetOptions & RoleOptions, port?: number): Promise<Services>;
/** Throws bad_request where options of AWS are given and nothing of AWS is asked for. */
export declare function refuseRole(options: RoleOptions, where: string): void;
/** Where a proxy is set, it would get loopback requests too, with the secret and the answer. */
export declare function beyondProxies(env: NodeJS.ProcessEnv): Readonly<Record<string, string>>;
export {};
