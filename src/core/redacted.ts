// A secret in memory. However it is printed, it prints as `[redacted]`. Only `reveal()` returns the value: a search for that
// word finds every place where a secret leaves its wrapper.

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
