import type { EventMessage } from '../wire/messages.ts';
type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
export type EventBody = WithoutTime<EventMessage>;
export declare class EventHub {
    #private;
    /** `now` in milliseconds. */
    constructor(now: () => number);
    publish(body: EventBody): void;
    subscribe(subscriber: (event: EventMessage) => void): () => void;
}
export {};
