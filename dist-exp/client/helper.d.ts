import { type HelperName, type HelperRow } from '../wire/helper-table.ts';
export interface HelperStart {
    readonly helper: HelperRow;
    /** The name that a tool called: whoever is passed on to has it too. */
    readonly program: string;
    readonly args: readonly string[];
    readonly env: NodeJS.ProcessEnv;
}
export interface HelperCaller {
    /** What the helper prints. Throws the agent's Failure; nobody is asked to log in. */
    call(name: HelperName, args: readonly string[]): Promise<string>;
    close(): void;
}
/** For the command line itself, which is no tool of a user's and has no terminal to give. */
export declare function helperCaller(env: NodeJS.ProcessEnv): HelperCaller;
/** Serves one run of a tool; the result is the exit code. Throws a Failure where there is no answer. */
export declare function runHelper(start: HelperStart): Promise<number>;
