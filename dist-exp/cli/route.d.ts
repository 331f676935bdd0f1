import type { Context } from './context.ts';
export interface RouteOptions {
    readonly profile?: string;
    readonly secret?: string;
    readonly username?: string;
    readonly scope?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
}
export declare function routeAdd(context: Context, url: string, options: RouteOptions): Promise<void>;
export declare function routeList(context: Context): Promise<void>;
export declare function routeRemove(context: Context, url: string, { username }: {
    readonly username?: string;
}): Promise<void>;
/** What a tool that asks for this URL gets, and why. */
export declare function routeTest(context: Context, url: string, { username }: {
    readonly username?: string;
}): Promise<void>;
