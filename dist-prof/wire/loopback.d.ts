import type { IncomingMessage } from 'node:http';
export declare const loopback = "127.0.0.1";
/** By which a share is asked: this machine, and what containers and virtual machines call the one that they run on. */
export declare const shareHosts: readonly string[];
/** `hosts`: the names that the listener goes by. Throws peer_denied. */
export declare function checkOrigin({ socket, headers, headersDistinct, url }: IncomingMessage, hosts: readonly string[]): void;
