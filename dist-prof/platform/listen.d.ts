import type { Server } from 'node:net';
/**
 * The socket that systemd passed, if it passed one to this process. Forgets the variables, so that no child takes them for its
 * own. Throws bad_request where more than one was passed.
 */
export declare function inheritedSocket(env: NodeJS.ProcessEnv, pid?: number): {
    readonly fd: number;
} | undefined;
/**
 * Listens; only for whoever holds the agent lock, since what lies at the path is removed. `mode` lets others connect where the
 * folder lets them come: it is the socket's from the beginning, since others may by then have put a link in its place. Gives the
 * function that removes the socket again, unless another has taken its place.
 */
export declare function listenOn(server: Server, path: string, mode?: number): Promise<() => void>;
/** Listens on what systemd passed; the socket is systemd's to remove. */
export declare function listenOnInherited(server: Server, fd: number): Promise<() => void>;
/** `port` 0: any that is free. Gives the port. Throws bad_request where it is taken. */
export declare function listenOnLoopback(server: Server, port: number): Promise<number>;
