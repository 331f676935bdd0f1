import type { Failure } from '../core/failures.ts';
/** Rejects with what `tooMuch` gives when more than `most` bytes come; what follows them is not read. */
export declare function readUpTo(stream: NodeJS.ReadableStream, most: number, tooMuch: () => Failure): Promise<Buffer>;
