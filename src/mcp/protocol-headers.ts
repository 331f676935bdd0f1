// The HTTP headers that the transport takes from a message: the version, and what SEP-2243 mirrors for routers on the way.

import type { Message } from './messages.ts'

/** From this version on a message says its version itself, and there is no session. */
const firstStateless = '2026-07-28'
const versionKey = 'io.modelcontextprotocol/protocolVersion'

/** Undefined: a message of an older version, whose session has the version. */
export function statelessVersion({ params }: Message): string | undefined {
  const version = (params?.['_meta'] as Readonly<Record<string, unknown>> | undefined)?.[versionKey]
  return typeof version === 'string' && version >= firstStateless ? version : undefined
}

/** `version`: of the session, once `initialize` was answered. */
export function protocolHeaders(message: Message | undefined, version: string | undefined): Readonly<Record<string, string>> {
  const stateless = message === undefined ? undefined : statelessVersion(message)
  if (stateless === undefined || message === undefined) return version === undefined ? {} : { 'mcp-protocol-version': version }
  const name = nameOf(message)
  return {
    'mcp-protocol-version': stateless,
    ...(message.method === undefined ? {} : { 'mcp-method': message.method }),
    ...(name === undefined ? {} : { 'mcp-name': headerText(name) }),
  }
}

/** By method: the parameter that names what is asked for. */
const named: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

function nameOf({ method = '', params }: Message): string | undefined {
  const value = params?.[named[method] ?? '']
  return typeof value === 'string' ? value : undefined
}

/** What no header may hold is encoded as SEP-2243 says. */
export const headerText = (text: string): string =>
  /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`
