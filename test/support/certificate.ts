// A certificate for localhost and 127.0.0.1, signed by itself, made by openssl.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './real-part.ts'

export interface Certificate {
  /** Of the certificate, for clients to trust. */
  readonly file: string
  readonly tls: { readonly key: string; readonly cert: string }
}

export function makeCertificate(folder: string): Certificate {
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync(findProgram('openssl') ?? '', ['req', '-x509', ...how, ...names, '-keyout', key, '-out', file], { stdio: 'pipe' })
  return { file, tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8') } }
}
