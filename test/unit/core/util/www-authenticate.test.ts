// WWW-Authenticate as servers write it (RFC 9110, section 11.6.1).

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bearerChallenge, parseChallenges } from '../../../../src/core/util/www-authenticate.ts'

const read = (header: string) => parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])

test.each([
  ['Bearer', [['bearer', {}]]],
  ['Bearer realm="a"', [['bearer', { realm: 'a' }]]],
  ['Bearer realm="a, b=\\"c\\"", scope="read write"', [['bearer', { realm: 'a, b="c"', scope: 'read write' }]]],
  [
    'bearer error=invalid_token,error_description="no, it is over"',
    [['bearer', { error: 'invalid_token', error_description: 'no, it is over' }]],
  ],
  [
    'Basic realm="x", Bearer resource_metadata="https://a/b"',
    [
      ['basic', { realm: 'x' }],
      ['bearer', { resource_metadata: 'https://a/b' }],
    ],
  ],
  ['Bearer scope = "a"  , RESOURCE_METADATA="u"', [['bearer', { scope: 'a', resource_metadata: 'u' }]]],
  [
    'Negotiate YII=, Bearer realm=""',
    [
      ['negotiate', { yii: '' }],
      ['bearer', { realm: '' }],
    ],
  ],
  ['Bearer scope="a", scope="b"', [['bearer', { scope: 'a' }]]],
  ['Bearer scope="never closed', [['bearer', {}]]],
  ['realm="no scheme"', []],
  ['', []],
  [',,, ,', []],
])('%s', (header, expected) => {
  expect(read(header)).toEqual(expected)
})

test('the challenge for bearer tokens, wherever it stands', () => {
  expect(bearerChallenge('Basic realm="x", Bearer scope="read"')?.parameters.get('scope')).toBe('read')
  expect([bearerChallenge('Basic realm="Bearer"'), bearerChallenge(undefined)]).toEqual([undefined, undefined])
})

test('whatever a server sends is read to its end', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('B', '=', '"', ',', ' ', '\\', 'a', '\t') })),
      (header) => {
        for (const { scheme } of parseChallenges(header)) expect(scheme).toBe(scheme.toLowerCase())
      },
    ),
  )
})
