// A secret in memory. It prints as `[redacted]` however it is printed; only `reveal()` gives the value, and a reader
// can grep for that one word to see every place where a secret leaves its wrapper.

const inspect = Symbol.for('nodejs.util.inspect.custom')
const text = '[redacted]'

export class Redacted<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toString(): string {
    return text
  }

  toJSON(): string {
    return text
  }

  [Symbol.toPrimitive](): string {
    return text
  }

  [inspect](): string {
    return text
  }
}

export const redact = <T>(value: T): Redacted<T> => new Redacted(value)
