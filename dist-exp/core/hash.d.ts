/** A number in [0, 1), always the same for the same text. */
export declare function fraction(text: string): number;
