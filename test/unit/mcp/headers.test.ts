// What of a message a bridge writes into headers: the version, what is asked for (SEP-2243), parameters that a tool marks.

import { expect, test } from 'vitest'
import type { Message } from '../../../src/mcp/messages.ts'
import { headerText, protocolHeaders } from '../../../src/mcp/protocol-headers.ts'
import { ToolHeaders } from '../../../src/mcp/tool-headers.ts'

const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }

test.each<[string, Message | undefined, string | undefined, object]>([
  ['before a session', { method: 'initialize', id: 1 }, undefined, {}],
  [
    'in a session',
    { method: 'tools/call', id: 1, params: { name: 'x' } },
    '2025-11-25',
    { 'mcp-protocol-version': '2025-11-25' },
  ],
  ['a stream of a session', undefined, '2025-06-18', { 'mcp-protocol-version': '2025-06-18' }],
  [
    'without a session',
    { method: 'tools/list', id: 1, params: meta },
    undefined,
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
  ],
  [
    'a call',
    { method: 'tools/call', id: 1, params: { ...meta, name: 'add' } },
    undefined,
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'add' },
  ],
  [
    'a resource',
    { method: 'resources/read', id: 1, params: { ...meta, uri: 'file:///ä' } },
    undefined,
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'resources/read', 'mcp-name': '=?base64?ZmlsZTovLy/DpA==?=' },
  ],
])('P27 %s', (_, message, version, expected) => {
  expect(protocolHeaders(message, version)).toEqual(expected)
})

test.each([
  ['plain', 'plain'],
  ['with space inside', 'with space inside'],
  [' leading', '=?base64?IGxlYWRpbmc=?='],
  ['trailing\t', '=?base64?dHJhaWxpbmcJ?='],
  ['a\r\nb', '=?base64?YQ0KYg==?='],
  ['=?base64?eA==?=', '=?base64?PT9iYXNlNjQ/ZUE9PT89?='],
])('P27 S15 the text %j in a header', (text, expected) => {
  expect(headerText(text)).toBe(expected)
})

const tool = (name: string, properties: object): object => ({ name, inputSchema: { type: 'object', properties } })
const call = (name: string, values: object): Message => ({ method: 'tools/call', id: 1, params: { name, arguments: values } })

test('P27 marked parameters of a tool, also below others', () => {
  const headers = new ToolHeaders()
  const where = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }
  headers.learn({
    id: 1,
    result: { tools: [tool('t', { where, count: { type: 'integer', 'x-mcp-header': 'Count' }, free: { type: 'string' } })] },
  })
  expect(headers.of(call('t', { where: { region: 'eu' }, count: 3, free: 'x' }))).toEqual({
    'mcp-param-region': 'eu',
    'mcp-param-count': '3',
  })
  expect(headers.of(call('t', { where: null, count: null }))).toEqual({})
  expect(headers.of(call('other', { count: 1 }))).toEqual({})
  expect(headers.of({ method: 'tools/list', id: 1 })).toEqual({})
})

test.each([
  ['no name', { a: { type: 'string', 'x-mcp-header': '' } }],
  ['a name that is no token', { a: { type: 'string', 'x-mcp-header': 'A: b' } }],
  ['a line break', { a: { type: 'string', 'x-mcp-header': 'A\r\nB' } }],
  ['the same name twice', { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } }],
  ['an object', { a: { type: 'object', 'x-mcp-header': 'A' } }],
  ['no text', { a: { type: 'string', 'x-mcp-header': 1 } }],
])('P27 S15 a tool whose marks have %s gets none', (_, properties) => {
  const headers = new ToolHeaders()
  headers.learn({ id: 1, result: { tools: [tool('t', properties)] } })
  expect(headers.of(call('t', { a: 'x', b: 'y' }))).toEqual({})
})
