// NuGet's cross-platform plugin protocol, version 2: one JSON message a line; a handshake in both directions, then requests.

import { asFailure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { failureLine } from '../wire/helper-failure.ts'
import { defined } from '../core/util/defined.ts'
import { fieldsOf, jsonLine, parseJson, usernameAt } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

const protocolVersion = '2.0.0'

interface PluginMessage {
  readonly RequestId: string
  readonly Type: string
  readonly Method: string
  readonly Payload: Readonly<Record<string, unknown>>
}

const more = (message?: PluginMessage): HelperAnswer =>
  defined({ stdout: message === undefined ? undefined : jsonLine(message), next: 'more' as const })

export const nuget: Helper = {
  async run({ stdin }, ports) {
    if (stdin === '') return more(handshake())
    const { RequestId, Type, Method, Payload } = parseJson(stdin, "NuGet's message")
    if (Type !== 'Request' || typeof RequestId !== 'string' || typeof Method !== 'string') return more()
    if (Method === 'Close') return {}
    return more({ RequestId, Type: 'Response', Method, Payload: await answer(Method, fieldsOf(Payload), ports) })
  },

  fail: (failure, { stdin }) => {
    const requestId = stdin === '' ? crypto.randomUUID() : parseJson(stdin, "NuGet's message")['RequestId']
    const payload = { Message: failureLine(failure) }
    return more({ RequestId: String(requestId), Type: 'Fault', Method: 'None', Payload: payload })
  },
}

const handshake = (): PluginMessage => ({
  RequestId: crypto.randomUUID(),
  Type: 'Request',
  Method: 'Handshake',
  Payload: { ProtocolVersion: protocolVersion, MinimumProtocolVersion: '1.0.0' },
})

async function answer(
  method: string,
  payload: Readonly<Record<string, unknown>>,
  ports: HelperPorts,
): Promise<PluginMessage['Payload']> {
  switch (method) {
    case 'Handshake':
      return { ResponseCode: 'Success', ProtocolVersion: protocolVersion }
    case 'GetOperationClaims':
      // The request without a source asks what the plugin supports in general.
      return { Claims: (payload['PackageSourceRepository'] ?? undefined) === undefined ? ['Authentication'] : [] }
    case 'GetAuthenticationCredentials':
      return credentials(payload, ports)
    case 'Initialize':
    case 'SetLogLevel':
    case 'SetCredentials':
    case 'MonitorNuGetProcessExit':
      return { ResponseCode: 'Success' }
    default:
      return { ResponseCode: 'NotFound' }
  }
}

async function credentials(
  { Uri: uri, IsRetry: isRetry }: Readonly<Record<string, unknown>>,
  ports: HelperPorts,
): Promise<PluginMessage['Payload']> {
  const url = typeof uri === 'string' ? parseUrlPattern(uri) : undefined
  if (url === undefined) return { ResponseCode: 'NotFound' }
  try {
    let credential = await ports.at(url)
    if (credential !== undefined && isRetry === true) {
      await ports.refused(url, credential.value.reveal())
      credential = await ports.at(url)
    }
    if (credential === undefined) return { ResponseCode: 'NotFound' }
    return {
      Username: usernameAt(credential, url),
      Password: credential.value.reveal(),
      AuthenticationTypes: ['Basic'],
      ResponseCode: 'Success',
    }
  } catch (error) {
    return { ResponseCode: 'Error', Message: failureLine(asFailure(error)) }
  }
}
