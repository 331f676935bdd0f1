import { Failure } from '../core/failures.ts';
import type { Place } from '../core/place.ts';
import type { EpochMs, Target } from '../core/session.ts';
import type { Credential, HelperAnswer } from './ports.ts';
/** RFC 3339, in whole seconds: what Go, Python and Java all read. */
export declare const rfc3339: (at: EpochMs) => string;
export declare const unixTime: (at: EpochMs) => number;
export declare const jsonLine: (value: unknown) => string;
/** As the command line says it. */
export declare function failureText(failure: Failure): string;
/** On one line, for tools that show only that. */
export declare const failureLine: ({ message, hint }: Failure) => string;
export declare const failed: (failure: Failure) => HelperAnswer;
/** A user name where neither a route nor a secret has one: some registries insist on theirs. */
export declare function usernameAt({ username }: Credential, { host, username: asked }: Place): string;
/** A second line would be another attribute, header or field; a carriage return alone is one to some. Throws bad_request. */
export declare function oneLine(text: string, ends?: RegExp): string;
/** The value of an Authorization header: Bearer for tokens, Basic for a secret with a user name. */
export declare function authorization({ value, tokenType, username, from }: Credential): string;
/** Servers write `bearer` in many ways; in a header it is written as RFC 6750 does. */
export declare const schemeOf: (tokenType: string | undefined) => string;
export interface Options {
    readonly name?: string;
    readonly target: Target;
    /** Seconds. */
    readonly minTtl?: number;
    readonly flags: ReadonlySet<string>;
    readonly values: Readonly<Record<string, string>>;
}
/** `[NAME] --scope S --resource R ...` and what the helper itself takes. Throws bad_request. */
export declare function options(args: readonly string[], own?: Readonly<Record<string, 'flag' | 'value'>>): Options;
/** Throws bad_request. */
export declare function parseJson(text: string, what: string): Readonly<Record<string, unknown>>;
