declare const inspect: unique symbol;
export declare class Redacted<T> {
    #private;
    constructor(value: T);
    reveal(): T;
    toString(): string;
    toJSON(): string;
    [Symbol.toPrimitive](): string;
    [inspect](): string;
}
export declare const redact: <T>(value: T) => Redacted<T>;
export {};
