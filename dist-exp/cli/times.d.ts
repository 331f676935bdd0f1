/** `90d`, `8h`, `30min`: ms. Throws bad_request. */
export declare function parseSpan(option: string, text: string): number;
/** `2027-01-31`, a full RFC 3339 time, or a span before now: ms since the epoch. Throws bad_request. */
export declare function parseTime(option: string, text: string, now: number): number;
