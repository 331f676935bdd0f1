/**
 * What is at hand is used in the same turn, as nearly every token is; what is not, once it is there. What `use` throws is thrown
 * at once in the one case, and rejects in the other.
 */
export const thenSync = <A, B>(value: A | Promise<A>, use: (value: A) => B | Promise<B>): B | Promise<B> =>
  value instanceof Promise ? value.then(use) : use(value)
