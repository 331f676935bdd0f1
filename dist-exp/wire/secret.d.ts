/** 256 bits, in characters that no header and no shell minds. */
export declare const newSecret: () => string;
export declare const hashOf: (secret: string) => string;
/** `hash`: as hashOf gives it. In a time that says nothing about where they differ. */
export declare const isSecret: (given: string, hash: string) => boolean;
