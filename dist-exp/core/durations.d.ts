/** `4 d`, `3 h 20 min`, `12 min`, `45 s`: two units at most, and none that does not matter; days to the nearest. Seconds. */
export declare function duration(seconds: number): string;
/** Seconds since the epoch, seen from `now`. */
export declare const fromNow: (at: number, now: number) => string;
export declare const ago: (at: number, now: number) => string;
