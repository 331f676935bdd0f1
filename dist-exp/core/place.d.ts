export interface Place {
    /** Lower-case, without the colon; undefined where only a host was named. */
    readonly scheme?: string;
    /** Lower-case; of a pattern it may begin with `*.`. */
    readonly host: string;
    /** Undefined: the scheme's own. */
    readonly port?: string;
    /** Decoded, without empty ones. */
    readonly segments: readonly string[];
    /** A user name that goes with it. */
    readonly username?: string;
}
/** `https://host:1/a/b`, `host:1/a`, `host`; undefined where no host can be read from it. The user name in it, if any, counts. */
export declare function parsePlace(text: string): Place | undefined;
/** As people write it. */
export declare function placeText({ scheme, host, port, segments, username }: Place): string;
/** Of a pattern: what a request names is one host. */
export declare const isPattern: ({ host }: Place) => boolean;
/** Whether what is meant for `pattern` may be used at `place`. */
export declare function covers(pattern: Place, place: Place): boolean;
/** Without the user name. */
export declare function bare({ scheme, host, port, segments }: Place): Place;
/** Negative where `a` says more than `b`: the host first, then the path, the user name, the scheme. */
export declare function bySpecificity(a: Place, b: Place): number;
/** Of those that cover the place, the one that says most about it. */
export declare function longestMatch<T>(place: Place, candidates: Iterable<T>, placeOf: (candidate: T) => Place): T | undefined;
