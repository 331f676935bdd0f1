import type { AgentStatus } from '../wire/messages.ts';
import type { Style } from './terminal.ts';
/** `now` in seconds. */
export declare function statusLines(status: AgentStatus, now: number, width: number, style: Style): readonly string[];
