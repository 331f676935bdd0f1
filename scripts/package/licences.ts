// THIRD-PARTY-LICENSES.txt: the licence texts of every part.

import type { Part } from './parts.ts'

/** Throws if a part has no licence text: Node's libraries have theirs in that of Node. */
export function licenceTexts(parts: readonly Part[]): string {
  const isWithNode = ({ purl, name }: Part): boolean => purl.startsWith('pkg:generic/') && name !== 'node'
  const missing = parts.filter((part) => part.licenseTexts.length === 0 && !isWithNode(part))
  const sections = parts
    .filter((part) => part.licenseTexts.length > 0)
    .map(({ name, version, license, licenseTexts }) =>
      [
        `${'='.repeat(80)}\n${name} ${version}${license === undefined ? '' : ` (${license})`}\n${'='.repeat(80)}`,
        ...licenseTexts,
      ].join('\n\n'),
    )
  if (missing.length > 0) throw new Error(`no licence text of ${missing.map(({ name }) => name).join(', ')}`)
  return `authsock contains these programs and libraries.\n\n${sections.join('\n\n')}\n`
}
