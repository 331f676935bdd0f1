// client-go's exec plugin protocol (KEP-541): `[PROFILE] [--id-token]`; the request is in KUBERNETES_EXEC_INFO.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { fieldsOf, jsonLine, options, parseJson, rfc3339 } from './format.ts'
import type { Helper, HelperPorts, HelperRequest } from './ports.ts'

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']

export const kubectl: Helper = {
  async run(request, ports) {
    const { apiVersion, server } = execInfo(request)
    const { value, expiresAt } = await credential(request.args, server, ports)
    const status = { token: value.reveal(), expirationTimestamp: rfc3339(expiresAt) }
    return { stdout: jsonLine({ apiVersion, kind: 'ExecCredential', status }) }
  },

  isBatch: (request) => execInfo(request).interactive === false,
}

async function credential(args: readonly string[], server: string | undefined, ports: HelperPorts) {
  const { name, target, minTtl, flags } = options(args, { 'id-token': 'flag' })
  const isIdToken = flags.has('id-token')
  if (name !== undefined || server === undefined) return isIdToken ? ports.idToken(name) : ports.named(name, target, minTtl)
  const url = parseUrlPattern(server)
  const routed = url === undefined ? undefined : await ports.at(url)
  if (routed?.from.kind === 'profile' && isIdToken) return ports.idToken(routed.from.profile)
  if (routed !== undefined) return routed
  throw new Failure('not_found', `no route covers ${server}`, { hint: `\`authsock route add ${server} --profile PROFILE\`` })
}

function execInfo({ env }: HelperRequest) {
  const text = env['KUBERNETES_EXEC_INFO']
  const { apiVersion = versions[0], spec } = text === undefined ? {} : parseJson(text, 'KUBERNETES_EXEC_INFO')
  if (typeof apiVersion !== 'string' || !versions.includes(apiVersion)) {
    throw new Failure('bad_request', `unsupported apiVersion in KUBERNETES_EXEC_INFO: ${JSON.stringify(apiVersion)}`, {
      hint: `set apiVersion in the kubeconfig to ${versions.join(' or ')}`,
    })
  }
  const { interactive, cluster } = fieldsOf(spec)
  const { server } = fieldsOf(cluster)
  return { apiVersion, interactive, server: typeof server === 'string' ? server : undefined }
}
