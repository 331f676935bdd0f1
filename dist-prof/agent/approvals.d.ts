import type { Clock } from '../core/ports.ts';
import { type Question, type Rule, type Ruling } from '../core/rules.ts';
import type { ApprovalAnswer, ApprovalReply, ApprovalStatus } from '../wire/messages.ts';
/** `none`: nobody answered. */
type Decision = ApprovalReply['decision'] | 'none';
export interface ApprovalsPorts {
    readonly clock: Clock;
    readonly newId: () => string;
    readonly requested: (status: ApprovalStatus) => void;
    readonly settled: (status: ApprovalStatus, decision: Decision) => void;
    /** Asks on the desktop, where that can be done; undefined: it cannot. Aborted when it is settled otherwise. */
    readonly prompt: (status: ApprovalStatus, signal: AbortSignal) => Promise<ApprovalReply | undefined>;
    /** The desktop cannot be asked: the user has to be told in another way that somebody waits. */
    readonly cannotPrompt: (status: ApprovalStatus) => void;
    /** Writes a rule into config.toml, right before the one that asked. Fails where that cannot be done. */
    readonly write: (rule: Rule, before: Rule) => Promise<Required<Pick<ApprovalAnswer, 'config' | 'rule' | 'line' | 'text'>>>;
    /** What became of an `always`. Whoever said it by a request is told by the answer. */
    readonly lasting: (status: ApprovalStatus, answer: ApprovalAnswer, by: 'prompt' | 'request') => void;
}
export declare class Approvals {
    #private;
    constructor(ports: ApprovalsPorts);
    /** Resolves when the user agrees. Fails with approval_declined, too_many_requests. */
    approve(question: Question, { rule, index }: Ruling): Promise<void>;
    list(): readonly ApprovalStatus[];
    /** Those who wait have their answer at once; what is for always is then written down. Throws not_found. */
    answer(id: string, reply: ApprovalReply, by?: 'prompt' | 'request'): Promise<ApprovalAnswer> | undefined;
    /** The vault is locked, or the agent stops: what was said for the session is over. */
    forget(why?: string): void;
}
/** For a window that has room for more than a sentence. */
export declare const approvalDetails: ({ id, executable, rule }: ApprovalStatus) => readonly string[];
export {};
