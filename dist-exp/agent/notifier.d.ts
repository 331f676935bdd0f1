import type { Clock } from '../core/ports.ts';
import type { EpochMs } from '../core/session.ts';
import type { ApprovalAnswer, ApprovalStatus, EventMessage } from '../wire/messages.ts';
/** When a login is over, as far as its server says. */
export interface LoginEnd {
    readonly profile: string;
    readonly at: EpochMs;
    readonly loggedInAt: EpochMs;
    readonly refreshedAt: EpochMs;
}
/** What is known of a login and was said of it. */
export interface Note {
    readonly isNeeded?: boolean;
    /** The end that was first seen: where it moves with each refresh, only a session that is left alone comes to it. */
    readonly firstEnd?: EpochMs;
    readonly moves?: boolean;
    /** The end that was spoken of. */
    readonly saidEnd?: EpochMs;
}
export interface NotifierPorts {
    readonly clock: Clock;
    readonly ends: () => Iterable<LoginEnd>;
    readonly tell: (title: string, text: string) => void;
    /** By profile; kept over restarts. What is lost of it costs a word too many. */
    readonly load: () => Readonly<Record<string, Note>>;
    readonly save: (notes: Readonly<Record<string, Note>>) => void;
}
export declare class Notifier {
    #private;
    constructor(ports: NotifierPorts);
    hear(event: EventMessage): void;
    /** Looks ahead: now, when the next end comes near, and until then every hour, for clocks are set. */
    watch(): void;
    /** No window can be shown. A program that asks again and again is spoken of once an hour. */
    waits({ id, text, profile, executable, container, share, rule }: ApprovalStatus): void;
    /** What became of an `always` that was said in a window. */
    remembered({ remembered, config, rule, line, detail }: ApprovalAnswer): void;
    stop(): void;
}
