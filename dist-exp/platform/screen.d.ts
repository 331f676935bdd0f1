/** Calls back for the sessions of this user alone. Does nothing where there is no logind to ask. */
export declare function watchScreenLock(locked: () => void): () => void;
