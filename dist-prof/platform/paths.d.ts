export interface Paths {
    readonly configFile: string;
    readonly stateDirectory: string;
    readonly vaultDirectory: string;
    /** Of the socket (on Windows: of the file that names the pipe). */
    readonly runtimeDirectory: string;
    /** Where the agent listens; on Windows the file that names the pipe. */
    readonly socket: string;
    /** Held by the one agent that may listen there. */
    readonly agentLock: string;
    readonly logFile: string;
    readonly auditFile: string;
    /** Of the folders of shared sockets. */
    readonly sharesDirectory: string;
    /** What the shared sockets give: of this machine's socket, since another's agent may have the same home. */
    readonly sharesFile: string;
    /** The last generations seen (R13): not in the folder that a backup of the vault would bring back. */
    readonly seenFolder: string;
}
type Environment = Readonly<Record<string, string | undefined>>;
/** Throws bad_request where `AUTHSOCK` is not usable. */
export declare function paths(env?: Environment, platform?: NodeJS.Platform, home?: string): Paths;
export {};
