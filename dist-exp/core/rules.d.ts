import { type Visitor } from './caller.ts';
import type { Target } from './session.ts';
export type Verdict = 'allow' | 'ask' | 'deny';
export interface Rule {
    readonly verdict: Verdict;
    readonly profile?: string;
    /** Matches where every scope that is asked for is among these; a request that names none asks for all. */
    readonly scopes?: readonly string[];
    readonly resource?: string;
    /** A path, or a pattern with `*` for anything but `/` (on Windows: but `\`) and `**` for anything. */
    readonly executable?: string;
    /** An id, the beginning of one of 12 or more digits, or `any`; `none`: outside of containers. */
    readonly container?: string;
    /** The name of a shared socket, or `any`; `none`: the user's own socket. */
    readonly share?: string;
    /** Seconds for which a yes counts at least; otherwise as long as the user says. */
    readonly lifetime?: number;
}
export interface Question {
    readonly profile: string;
    readonly target: Target;
    readonly visitor: Visitor;
}
export interface Ruling {
    readonly verdict: Verdict;
    /** From 0; undefined: no rule matches, and what is not forbidden is allowed. */
    readonly index?: number;
    readonly rule?: Rule;
}
export declare function rule(rules: readonly Rule[], question: Question): Ruling;
/** Which of a rule's fields keeps it from matching; undefined where it matches. */
export declare function mismatch(each: Rule, { profile, target, visitor }: Question): keyof Rule | undefined;
/** For people, on one line. */
export declare const questionText: ({ profile, target, visitor }: Question) => string;
