import { type AuthsockClient } from '../client/index.ts';
import type { Terminal } from './terminal.ts';
export declare class Context {
    #private;
    readonly terminal: Terminal;
    readonly env: NodeJS.ProcessEnv;
    /** `--json` was given. */
    asJson: boolean;
    /** What follows `--` in the arguments of `exec`. */
    command: readonly string[];
    /** Of a command that has done its work. */
    exitCode: number;
    constructor(terminal: Terminal, env: NodeJS.ProcessEnv);
    /** Ctrl-C. */
    get signal(): AbortSignal;
    /** The agent, which is started where none runs. */
    agent({ start }?: {
        start?: boolean | undefined;
    }): Promise<AuthsockClient>;
    /** A client that looks on and starts nothing: an agent that was stopped stays stopped. */
    onlooker(): Promise<AuthsockClient>;
    /** For commands that can end what they wait for: the first Ctrl-C (or SIGTERM) is theirs, the second ends the program. */
    catchInterrupt(): void;
    close(): void;
}
