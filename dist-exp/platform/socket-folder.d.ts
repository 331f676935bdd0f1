/** Creates the folder of a socket, or refuses it: it and all above it must be ours or root's, and no link. Throws agent_untrusted. */
export declare function prepareSocketFolder(folder: string): void;
/** Before a client speaks: the socket must be the user's own, or root's (a socket that was mounted). Throws agent_untrusted. */
export declare function trustSocket(path: string): 'trusted' | 'missing';
