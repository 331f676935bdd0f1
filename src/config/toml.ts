// TOML: a fast parser for values, and a slower one with positions for messages and edits.

import type { AST } from 'toml-eslint-parser'
import { Failure } from '../core/failures.ts'

interface Position {
  readonly line: number
  /** From 1. */
  readonly column: number
}

export interface TomlDocument {
  readonly text: string
  readonly ast: AST.TOMLProgram
  readonly value: unknown
  /** The position of the key, table or element at this path, or of the nearest one above it. */
  readonly positionOf: (path: readonly (string | number)[]) => Position
}

/** Undefined if the text is not TOML: parseToml then says why. */
export async function tomlValue(text: string): Promise<unknown> {
  const { parse } = await import('smol-toml')
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** Throws config_invalid. */
export async function parseToml(text: string, file: string): Promise<TomlDocument> {
  const { getStaticTOMLValue, parseTOML } = await import('toml-eslint-parser')
  try {
    const ast = parseTOML(text, { tomlVersion: '1.0' })
    let positions: ReadonlyMap<string, Position> | undefined
    return {
      text,
      ast,
      value: getStaticTOMLValue(ast),
      positionOf: (path) => nearest((positions ??= collectPositions(ast)), path),
    }
  } catch (error) {
    const { lineNumber, column, message } = error as { lineNumber?: number; column?: number; message: string }
    if (lineNumber === undefined) throw error
    throw new Failure('config_invalid', `${file}:${lineNumber}:${(column ?? 0) + 1}: ${message}`)
  }
}

const keyOf = (path: readonly (string | number)[]): string => JSON.stringify(path.map(String))

function nearest(positions: ReadonlyMap<string, Position>, path: readonly (string | number)[]): Position {
  for (let length = path.length; length > 0; length--) {
    const position = positions.get(keyOf(path.slice(0, length)))
    if (position !== undefined) return position
  }
  return { line: 1, column: 1 }
}

function collectPositions(ast: AST.TOMLProgram): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>()
  const record = (path: readonly (string | number)[], node: AST.TOMLNode): void => {
    const key = keyOf(path)
    if (!positions.has(key)) positions.set(key, { line: node.loc.start.line, column: node.loc.start.column + 1 })
  }
  const names = (key: AST.TOMLKey): string[] => key.keys.map((each) => (each.type === 'TOMLBare' ? each.name : each.value))

  function keyValues(pairs: readonly AST.TOMLKeyValue[], above: readonly (string | number)[]): void {
    for (const pair of pairs) {
      const path = [...above, ...names(pair.key)]
      for (let length = above.length + 1; length <= path.length; length++) {
        record(path.slice(0, length), pair.key.keys[length - above.length - 1] ?? pair.key)
      }
      content(pair.value, path)
    }
  }

  function content(node: AST.TOMLContentNode, path: readonly (string | number)[]): void {
    if (node.type === 'TOMLInlineTable') keyValues(node.body, path)
    if (node.type !== 'TOMLArray') return
    for (const [index, element] of node.elements.entries()) {
      record([...path, index], element)
      content(element, [...path, index])
    }
  }

  for (const node of ast.body[0].body) {
    if (node.type === 'TOMLKeyValue') keyValues([node], [])
    else {
      for (let length = 1; length <= node.resolvedKey.length; length++) record(node.resolvedKey.slice(0, length), node.key)
      keyValues(node.body, node.resolvedKey)
    }
  }
  return positions
}
