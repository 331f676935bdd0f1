// Only for the token path, where it is measured: a cached token is served in the same turn of the event loop.

/** Calls `use` at once if the value is not a promise, else when it resolves. An error of `use` is thrown or rejects accordingly. */
export const thenSync = <A, B>(value: A | Promise<A>, use: (value: A) => B | Promise<B>): B | Promise<B> =>
  value instanceof Promise ? value.then(use) : use(value)
