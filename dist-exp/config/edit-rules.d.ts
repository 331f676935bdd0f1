import type { Rule } from '../core/rules.ts';
import type { RuleTable } from './rules.ts';
/** Where a new rule goes: before the rule of this index, after the last, or before a rule that says just this. */
export type RulePlace = number | 'last' | {
    readonly before: Rule;
};
export interface WrittenRule {
    /** From 0. */
    readonly index: number;
    /** Of `[[rule]]`, from 1. */
    readonly line: number;
    /** The table. */
    readonly text: string;
}
/** Adds `[[rule]]`, under a comment if there is one. Throws bad_request, not_found, config_invalid, storage_failed. */
export declare function addRule(path: string, table: RuleTable, place: RulePlace, comment?: string): Promise<WrittenRule>;
/** Takes out the rule of this index (from 0), and what it said. Throws not_found, config_invalid, storage_failed. */
export declare function removeRule(path: string, index: number): Promise<Rule>;
