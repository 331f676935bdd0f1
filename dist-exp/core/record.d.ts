import type { SessionRecord } from './session.ts';
export declare function encodeRecord(record: SessionRecord): Uint8Array;
/** `generation` is the seal's, which is authenticated. Throws record_damaged. */
export declare function decodeRecord(content: Uint8Array, profile: string, generation: number): SessionRecord;
