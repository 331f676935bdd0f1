import { type LogLevel } from './log.ts';
export interface AgentOptions {
    readonly log: LogLevel;
    /** A descriptor that holds the master key. */
    readonly masterKeyFd?: number;
    /** A file that holds the master key. */
    readonly masterKeyFile?: string;
}
/** Runs until it is told to stop; the result is the exit code. */
export declare function runAgent(options: AgentOptions): Promise<number>;
