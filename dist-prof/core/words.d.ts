/** The candidate that is at most two typing errors away. */
export declare const closest: (word: string, candidates: Iterable<string>) => string | undefined;
