/** On one line, of a length that leaves room for the rest. */
export declare function plain(text: string, most?: number): string;
/** In quotes where it is more than a word. */
export declare function plainName(text: string): string;
