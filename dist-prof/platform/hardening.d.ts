/** A copy without what may not reach the agent. */
export declare function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
/**
 * Starts this process anew where it was started with an environment or options that may not reach the agent: same pid, same
 * descriptors, so that socket activation goes on to work. Where Node cannot do that (Windows), the names are removed from the
 * environment, which is all that children see.
 */
export declare function startClean(): void;
/** Of this process, from now on. `keep`: a descriptor that it was given to read from. */
export declare function harden(keep?: number): void;
