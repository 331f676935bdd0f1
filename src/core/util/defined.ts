// Optional fields under exactOptionalPropertyTypes: a field that is undefined is left out.

/** The same object, where each field that may be undefined is optional. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** `{ a: 1, b: undefined }` -> `{ a: 1 }`. The fields keep their order. */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value
  return kept as Defined<T>
}
