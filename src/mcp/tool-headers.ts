// Parameters of tools that are mirrored into headers (SEP-2243): a tool's schema marks them with `x-mcp-header`, and a call has them as
// `Mcp-Param-NAME`. A tool whose marks are invalid gets none: which tools a client offers is the client's decision.

import type { Message } from './messages.ts'
import { headerText } from './protocol-headers.ts'

interface Marked {
  /** Of the properties that lead to the parameter. */
  readonly path: readonly string[]
  readonly header: string
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const primitive = new Set(['string', 'integer', 'boolean'])
const maxDepth = 8

export class ToolHeaders {
  readonly #byTool = new Map<string, readonly Marked[]>()

  /** The result of `tools/list`, if it is one. */
  learn({ result }: Message): void {
    const tools = result?.['tools']
    if (!Array.isArray(tools)) return
    for (const tool of tools.filter(isObject)) {
      const { name, inputSchema } = tool
      if (typeof name === 'string' && isObject(inputSchema)) this.#byTool.set(name, validMarks(inputSchema))
    }
  }

  /** Of a call, whose version is one that has them. */
  of({ method, params }: Message): Readonly<Record<string, string>> {
    const name = params?.['name']
    const values = params?.['arguments']
    if (method !== 'tools/call' || typeof name !== 'string' || !isObject(values)) return {}
    const marked = this.#byTool.get(name) ?? []
    return Object.fromEntries(
      marked.flatMap(({ path, header }) => {
        const value = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), values)
        if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return []
        return [[`mcp-param-${header.toLowerCase()}`, value === '' ? '' : headerText(String(value))]]
      }),
    )
  }
}

/** Empty if one of them is invalid. */
function validMarks(schema: Json): readonly Marked[] {
  const marks = [...marksIn(schema, [])]
  const names = new Set(marks.map(({ header }) => String(header).toLowerCase()))
  const isValid = marks.every(
    ({ header, type }) => typeof header === 'string' && token.test(header) && primitive.has(String(type)),
  )
  return isValid && names.size === marks.length ? marks.map(({ path, header }) => ({ path, header: String(header) })) : []
}

function* marksIn(
  schema: Json,
  path: readonly string[],
): Iterable<{ readonly path: readonly string[]; readonly header: unknown; readonly type: unknown }> {
  const { properties } = schema
  if (!isObject(properties) || path.length >= maxDepth) return
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue
    const own = [...path, name]
    if ('x-mcp-header' in property) yield { path: own, header: property['x-mcp-header'], type: property['type'] }
    yield* marksIn(property, own)
  }
}
