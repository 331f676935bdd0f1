import { Failure } from '../core/failures.ts';
/** Streams at once. */
export declare const mostStreams = 128;
/** Bytes that may be on their way in one direction of a stream. */
export declare const relayWindow: number;
export declare const longestData: number;
export type Frame = {
    readonly type: 'open' | 'end' | 'close';
    readonly stream: number;
} | {
    readonly type: 'data';
    readonly stream: number;
    readonly data: Buffer;
} | {
    readonly type: 'credit';
    readonly stream: number;
    readonly bytes: number;
};
/** What the end that connects says first. */
export declare const hello = "authsock-relay 1 connects\n";
export type Greeting = {
    readonly state: 'unfinished';
}
/** Nothing that begins like this becomes a greeting. */
 | {
    readonly state: 'foreign';
} | {
    readonly state: 'greeted';
    readonly place: string;
    readonly rest: Buffer;
};
/** Reads what the end that listens says first. Throws bad_request where it is a relay, and not one that this one can speak to. */
export declare function readGreeting(bytes: Buffer): Greeting;
export declare function encodeFrame(frame: Frame): Buffer;
export declare const foreignBytes: (why: string) => Failure;
/** Takes frames out of bytes that come in any parts. Keeps no more than one frame. */
export declare class FrameReader {
    #private;
    /** Throws bad_request; what comes after that means nothing. */
    read(chunk: Buffer): readonly Frame[];
}
