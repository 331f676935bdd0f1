// P3: the issuer that a server names is the configured one, to the letter. Two exceptions: the profile gives the URL of the metadata
// document, or the server is Entra's for any tenant, whose metadata has a template in place of the tenant.

import { Failure } from '../core/failures.ts'
import { serverText } from './http/server-text.ts'
import { metadataUrls } from './well-known.ts'

/** `https://login.microsoftonline.com/{tenantid}/v2.0`: of the endpoints common, organizations and consumers. */
export const isIssuerTemplate = (issuer: string): boolean => issuer.includes('{tenantid}')

/** Whether a login's answer is from this issuer; `issuer` may be a template. */
export function isFromIssuer(found: string, issuer: string): boolean {
  if (!isIssuerTemplate(issuer)) return found === issuer
  const [before = '', after = ''] = issuer.split('{tenantid}')
  const tenant = found.slice(before.length, found.length - after.length)
  return found === before + tenant + after && /^[\w.-]+$/.test(tenant)
}

/** Throws issuer_mismatch. */
export function checkIssuer(found: string, configured: string): void {
  if (found === configured || (isIssuerTemplate(found) && isFromIssuer(configured, found))) return
  const isDocument = configured.includes('/.well-known/') && URL.canParse(found)
  if (isDocument && (metadataUrls(found).includes(configured) || configured.startsWith(`${found.replace(/\/$/, '')}/`))) return
  const shown = serverText(found)
  throw new Failure('issuer_mismatch', `the server calls itself '${shown}', not '${configured}'`, {
    hint: isIssuerTemplate(found)
      ? `put your tenant in place of {tenantid}: ${shown}`
      : `if that is the server you mean, use ${shown} as the issuer`,
  })
}
