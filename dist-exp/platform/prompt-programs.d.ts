import type { ApprovalReply } from '../core/approval.ts';
export interface PromptQuestion {
    /** One sentence. */
    readonly text: string;
    /** Lines that say more. */
    readonly details: readonly string[];
}
export interface PromptProgram {
    readonly name: string;
    readonly args: (question: PromptQuestion) => readonly string[];
    /** For its stdin. */
    readonly input?: (question: PromptQuestion) => string;
    /** Undefined: it could not ask. */
    readonly reply: (code: number, said: string, complaint: string) => ApprovalReply | undefined;
}
/** In the order in which they are tried. */
export declare function ofDesktop(platform: NodeJS.Platform): readonly PromptProgram[];
/**
 * A command of the user's says `allow` or `deny`, and then perhaps for how long: seconds, `session` or `always`; or nothing, and
 * then its exit code is the answer: 0 is a yes.
 */
export declare const byCommand: ([name, ...args]: readonly string[]) => PromptProgram;
