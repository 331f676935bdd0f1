import { type Server, Socket } from 'node:net';
import { type Looked } from './windows-process.ts';
export interface PipeCaller {
    readonly pid: number;
    /** Undefined where the process is gone, and its pid perhaps another's. */
    readonly process?: Looked;
}
/** Undefined of what did not come through a pipe that is served here. */
export declare const pipeCaller: (socket: Socket) => PipeCaller | undefined;
/** Gives the end of it; undefined where Windows' functions cannot be called. Throws where the pipe cannot be made. */
export declare function servePipe(server: Server, name: string): (() => void) | undefined;
