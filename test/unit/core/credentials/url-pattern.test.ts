// Which route covers which place: the rules, one by one, and that nothing outside a pattern is ever covered.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  withoutUsername,
  covers,
  longestMatch,
  parseUrlPattern,
  type UrlPattern,
  formatUrlPattern,
} from '../../../../src/core/credentials/url-pattern.ts'

const place = (text: string): UrlPattern => {
  const parsed = parseUrlPattern(text)
  if (parsed === undefined) throw new Error(`no place: ${text}`)
  return parsed
}

describe('reading', () => {
  test.each([
    ['https://Git.Example.com:443/acme/repo.git', 'https://git.example.com/acme/repo.git'],
    ['http://example.com:80', 'http://example.com'],
    ['http://example.com:443', 'http://example.com:443'],
    ['https://example.com.', 'https://example.com'],
    ['https://example.com/a/../b//c/', 'https://example.com/b/c'],
    ['https://example.com/%61/%2e%2e/b', 'https://example.com/b'],
    ['sparse+https://crates.example.com/index/', 'https://crates.example.com/index'],
    ['git+https://example.com/x', 'https://example.com/x'],
    ['reg.example.com:5000', 'reg.example.com:5000'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['[::1]:3000/x', '[::1]:3000/x'],
    ['https://ada@example.com', 'https://ada@example.com'],
    ['https://ada%40corp@example.com', 'https://ada%40corp@example.com'],
    ['smtp://Mail.example.com:587', 'smtp://mail.example.com:587'],
    ['*.example.com', '*.example.com'],
    ['https://a*.b@*.example.com/*.c', 'https://a*.b@*.example.com/*.c'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['  https://example.com\n', 'https://example.com'],
  ])('%s', (text, normal) => {
    expect(formatUrlPattern(place(text))).toBe(normal)
    expect(formatUrlPattern(place(normal))).toBe(normal)
  })

  test.each([
    '',
    ' ',
    'http://',
    'https:///x',
    'a b',
    'https://good.example\\@evil.example',
    '/path',
    ':5000',
    'https://',
    'https://a.example\0',
    'https://a.example/b\u0001',
    // U8
    'https:/x',
    'https:x',
    'http:git.example.com',
    'ssh:/x',
  ])('nothing in %j', (text) => {
    expect(parseUrlPattern(text)).toBeUndefined()
  })
})

describe('covering', () => {
  test.each([
    // [pattern, place, covered]
    ['https://example.com', 'https://example.com/a/b', true],
    ['https://example.com/acme', 'https://example.com/acme', true],
    ['https://example.com/acme', 'https://example.com/acme/x', true],
    ['https://example.com/acme/x', 'https://example.com/acme/x.git', true],
    ['https://example.com/acme/x', 'https://example.com/acme/x.git/info/refs', true],
    ['https://example.com/acme', 'https://example.com/acme2', false],
    ['https://example.com/acme', 'https://example.com', false],
    ['https://example.com/acme', 'https://example.com/acme/../other', false],
    ['https://example.com/acme', 'https://example.com/acme%2fx', false],
    ['https://example.com', 'https://example.com.evil.test', false],
    ['https://example.com', 'https://evilexample.com', false],
    ['https://example.com', 'https://a.example.com', false],
    ['*.example.com', 'https://a.b.example.com/x', true],
    ['*.example.com', 'https://example.com', false],
    ['*.example.com', 'https://evilexample.com', false],
    ['https://example.com', 'http://example.com', false],
    ['example.com', 'http://example.com', false],
    ['http://example.com', 'http://example.com', true],
    ['example.com', 'https://example.com', true],
    ['127.0.0.1:5000', 'http://127.0.0.1:5000', true],
    ['https://example.com', 'example.com', true],
    ['https://example.com', 'example.com:443', true],
    ['https://example.com', 'example.com:5000', false],
    ['https://example.com:5000', 'example.com:5000', true],
    ['https://example.com', 'https://example.com:8443', false],
    ['https://example.com', 'https://example.com:080', false],
    ['https://example.com', 'https://example.com:0443', true],
    ['*.example.com', 'https://*.@example.com', false],
    ['https://ada@example.com', 'https://example.com', true],
    ['https://ada@example.com', 'https://grace@example.com', false],
    ['https://example.com', 'https://grace@example.com', true],
  ])('%s for %s: %s', (pattern, at, expected) => {
    expect(covers(place(pattern), place(at))).toBe(expected)
  })

  test('the one that says most wins, whatever the order', () => {
    const patterns = [
      '*.com',
      '*.example.com',
      'git.example.com',
      'https://git.example.com',
      'https://git.example.com/a',
      'https://git.example.com/a/b',
      'https://ada@git.example.com/a',
    ]
    const winner = (at: string, order: readonly string[]): string | undefined => longestMatch(place(at), order, place)
    for (const order of [patterns, patterns.toReversed()]) {
      expect(winner('https://git.example.com/a/b/c', order)).toBe('https://git.example.com/a/b')
      expect(winner('https://git.example.com/a/c', order)).toBe('https://ada@git.example.com/a')
      expect(winner('https://grace@git.example.com/a/c', order)).toBe('https://git.example.com/a')
      expect(winner('https://git.example.com/b', order)).toBe('https://git.example.com')
      expect(winner('https://x.example.com', order)).toBe('*.example.com')
      expect(winner('https://x.com', order)).toBe('*.com')
      expect(winner('https://x.org', order)).toBeUndefined()
    }
  })

  test('what is covered lies on the host and below the path of its pattern', () => {
    const label = fc.stringMatching(/^[a-z]{1,4}$/)
    const url = fc.tuple(
      fc.constantFrom('https://', 'http://', ''),
      fc.array(label, { minLength: 1, maxLength: 3 }),
      fc.array(label, { maxLength: 3 }),
    )
    fc.assert(
      fc.property(url, url, ([scheme, host, path], [otherScheme, otherHost, otherPath]) => {
        const pattern = place(`${scheme}${host.join('.')}/${path.join('/')}`)
        const other = place(`${otherScheme}${otherHost.join('.')}/${otherPath.join('/')}`)
        if (covers(pattern, pattern)) expect(covers(pattern, { ...pattern, segments: [...pattern.segments, 'below'] })).toBe(true)
        if (!covers(pattern, other)) return
        expect(other.host).toBe(pattern.host)
        expect(other.segments.slice(0, pattern.segments.length)).toEqual(pattern.segments)
        expect(covers(withoutUsername(pattern), other)).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })
})
