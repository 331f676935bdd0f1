// A secret in memory. It prints as `[redacted]` however it is printed; only `reveal()` gives the value, and a reader
// can grep for that one word to see every place where a secret leaves its wrapper.
const inspect = Symbol.for('nodejs.util.inspect.custom');
const text = '[redacted]';
export class Redacted {
    #value;
    constructor(value) {
        this.#value = value;
    }
    reveal() {
        return this.#value;
    }
    toString() {
        return text;
    }
    toJSON() {
        return text;
    }
    [Symbol.toPrimitive]() {
        return text;
    }
    [inspect]() {
        return text;
    }
}
export const redact = (value) => new Redacted(value);
