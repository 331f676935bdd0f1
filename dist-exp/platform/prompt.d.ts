import type { ApprovalReply } from '../core/approval.ts';
import { type PromptQuestion } from './prompt-programs.ts';
/** Undefined where nobody can be asked in this way: then `authsock approve` is what is left. */
export declare function askOnDesktop(command: readonly string[] | undefined, question: PromptQuestion, signal: AbortSignal): Promise<ApprovalReply | undefined>;
