// Reading JSON field by field: what has another shape throws a DecodeError that names the field. Every file and answer that is
// read back passes these functions; nothing is cast.

/** What was read does not have the shape it should have. The message names the field, never its value. */
export class DecodeError extends Error {}

function wrong(at: string, wanted: string): never {
  throw new DecodeError(`'${at}' is not ${wanted}`)
}

export const string = (value: unknown, at: string): string => (typeof value === 'string' ? value : wrong(at, 'a string'))
export const number = (value: unknown, at: string): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : wrong(at, 'a number')
export const boolean = (value: unknown, at: string): boolean => (typeof value === 'boolean' ? value : wrong(at, 'true or false'))
export const array = (value: unknown, at: string): readonly unknown[] => (Array.isArray(value) ? value : wrong(at, 'a list'))
export const strings = (value: unknown, at: string): readonly string[] => array(value, at).map((element) => string(element, at))

export const object = (value: unknown, at: string): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : wrong(at, 'an object')

export const oneOf = <T extends string>(value: unknown, all: readonly T[], at: string): T =>
  all.find((each) => each === value) ?? wrong(at, `one of ${all.join(', ')}`)

type Decoder<T> = (value: unknown, at: string) => T

/** Undefined stays undefined. */
export const maybe = <T>(value: unknown, at: string, decode: Decoder<T>): T | undefined =>
  value === undefined ? undefined : decode(value, at)

export const texts = (value: unknown, at: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(object(value, at)).map(([key, text]) => [key, string(text, `${at}.${key}`)]))

/** `{ [key]: value }`, or nothing if there is none (exactOptionalPropertyTypes). */
export const optional = <K extends string, T>(
  key: K,
  value: unknown,
  decodeValue: (value: unknown, at: string) => T,
): { readonly [P in K]?: T } => (value === undefined ? {} : ({ [key]: decodeValue(value, key) } as { readonly [P in K]: T }))
