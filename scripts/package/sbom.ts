// The bill of materials in the form of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): what is inside, not what is in node_modules.

import { createHash } from 'node:crypto'
import { manifest, sourceDate } from './project.ts'
import type { Part } from './parts.ts'

/** `subject`: what the parts are inside of. The same parts give the same text. */
export function billOfMaterials(subject: string, parts: readonly Part[]): string {
  const self = `pkg:generic/${manifest.name}@${manifest.version}`
  const components = parts.map(({ name, version, license, purl }) => ({
    type: name === 'node' ? 'platform' : 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [licenseChoice(license)] }),
  }))
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([subject, manifest.version, components]))}`,
    version: 1,
    metadata: {
      timestamp: new Date(sourceDate * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': self,
        name: subject,
        version: manifest.version,
        purl: self,
        licenses: [licenseChoice(manifest.license)],
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: parts.map(({ purl }) => purl) }, ...inNode(parts)],
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

const licenseChoice = (license: string) => (/^[\w.-]+$/.test(license) ? { license: { id: license } } : { expression: license })

/** The libraries that Node consists of. */
function inNode(parts: readonly Part[]) {
  const node = parts.find(({ name }) => name === 'node')
  const libraries = parts.filter((part) => part !== node && part.purl.startsWith('pkg:generic/'))
  return node === undefined ? [] : [{ ref: node.purl, dependsOn: libraries.map(({ purl }) => purl) }]
}

/** A name-based UUID of RFC 9562, with the SHA-256 of version 8. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
