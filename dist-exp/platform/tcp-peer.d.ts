/** Whether this user's own process, on 127.0.0.1, holds the port `peer` of a connection to the port `own`. True where nobody can say. */
export declare function isOwnPort(peer: number, own: number): boolean;
