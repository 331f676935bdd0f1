/** The release, or undefined where another agent holds it. Throws where the file cannot be opened. */
export declare function takeAgentLock(path: string): Promise<(() => void) | undefined>;
/** An address at which only one process can listen. Nobody is answered there. */
export declare function holdByListening(address: string): Promise<(() => void) | undefined>;
