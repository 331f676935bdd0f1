// NuGet's cross-platform plugin protocol, version 2: both sides shake hands, then requests come, a JSON message a line.

import { asFailure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { failureLine, jsonLine, parseJson, usernameAt } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

const protocolVersion = '2.0.0'

interface Message {
  readonly RequestId: string
  readonly Type: string
  readonly Method: string
  readonly Payload: Readonly<Record<string, unknown>>
}

const more = (message?: Message): HelperAnswer => ({
  ...(message === undefined ? {} : { stdout: jsonLine(message) }),
  next: 'more',
})

export const nuget: Helper = {
  async run({ stdin }, ports) {
    if (stdin === '') return more(handshake())
    const { RequestId, Type, Method, Payload } = parseJson(stdin, "NuGet's message")
    if (Type !== 'Request' || typeof RequestId !== 'string' || typeof Method !== 'string') return more()
    if (Method === 'Close') return {}
    const payload = typeof Payload === 'object' && Payload !== null ? (Payload as Record<string, unknown>) : {}
    return more({ RequestId, Type: 'Response', Method, Payload: await answer(Method, payload, ports) })
  },

  fail: (failure, { stdin }) => {
    const requestId = stdin === '' ? crypto.randomUUID() : parseJson(stdin, "NuGet's message")['RequestId']
    const payload = { Message: failureLine(failure) }
    return more({ RequestId: String(requestId), Type: 'Fault', Method: 'None', Payload: payload })
  },
}

const handshake = (): Message => ({
  RequestId: crypto.randomUUID(),
  Type: 'Request',
  Method: 'Handshake',
  Payload: { ProtocolVersion: protocolVersion, MinimumProtocolVersion: '1.0.0' },
})

async function answer(
  method: string,
  payload: Readonly<Record<string, unknown>>,
  ports: HelperPorts,
): Promise<Message['Payload']> {
  switch (method) {
    case 'Handshake':
      return { ResponseCode: 'Success', ProtocolVersion: protocolVersion }
    case 'GetOperationClaims':
      // Asked once without a source: what this plugin is for in general.
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
): Promise<Message['Payload']> {
  const place = typeof uri === 'string' ? parseUrlPattern(uri) : undefined
  if (place === undefined) return { ResponseCode: 'NotFound' }
  try {
    let credential = await ports.at(place)
    if (credential !== undefined && isRetry === true) {
      await ports.refused(place, credential.value.reveal())
      credential = await ports.at(place)
    }
    if (credential === undefined) return { ResponseCode: 'NotFound' }
    return {
      Username: usernameAt(credential, place),
      Password: credential.value.reveal(),
      AuthenticationTypes: ['Basic'],
      ResponseCode: 'Success',
    }
  } catch (error) {
    return { ResponseCode: 'Error', Message: failureLine(asFailure(error)) }
  }
}
