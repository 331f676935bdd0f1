import type { Context } from './context.ts';
interface RequestOptions {
    readonly scope?: readonly string[];
    readonly resource?: string;
    readonly executable?: string;
    readonly container?: string;
    readonly share?: string;
}
export interface RuleTestOptions extends RequestOptions {
    readonly pid?: string;
}
export interface RuleAddOptions extends RequestOptions {
    readonly decision: string;
    readonly profile?: string;
    readonly lifetime?: string;
    readonly first?: boolean;
    readonly before?: string;
}
export declare function ruleList(context: Context): Promise<void>;
export declare function ruleAdd(context: Context, options: RuleAddOptions): Promise<void>;
export declare function ruleRemove(context: Context, number: string): Promise<void>;
/** What a request would get, without making it. */
export declare function ruleTest(context: Context, profile: string, options: RuleTestOptions): Promise<void>;
export {};
