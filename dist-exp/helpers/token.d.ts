import type { Helper } from './ports.ts';
/** `[NAME] [--scope S] [--resource R] [--audience A] [--min-ttl N] [--header] [--json]` */
export declare const token: Helper;
export declare const header: Helper;
/** `NAME-OR-URL`: of a static secret, or whatever a route says of a place. */
export declare const password: Helper;
