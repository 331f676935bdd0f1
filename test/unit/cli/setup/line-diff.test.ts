// U8 the changes that `authsock setup` shows: a line that stays is never shown as removed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff } from '../../../../src/cli/setup/line-diff.ts'

test.each([
  ['the same', 'a\nb\n', 'a\nb\n', []],
  ['a new file', '', 'a\n', ['+ a']],
  [
    'two places',
    '[user]\nname = x\n[core]\neditor = vi\n',
    '[user]\nname = x\nhelper = y\n[core]\neditor = vi\n[new]\n',
    ['  [user]', '  name = x', '+ helper = y', '  [core]', '  editor = vi', '+ [new]'],
  ],
  ['no line feed at the end', '[user]\nname = x', '[user]\nname = x\n[new]\n', ['  [user]', '  name = x', '+ [new]']],
  ['carriage returns', 'a\r\nb\r\n', 'a\r\nb\r\nc\r\n', ['  a', '  b', '+ c']],
  ['a line that is replaced', 'a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nx\ne\nf\n', ['  b', '  c', '- d', '+ x', '  e', '  f']],
] as const)('U8 %s', (_, before, after, lines) => {
  expect(lineDiff(before, after)).toEqual(lines)
})

test('U8 what is removed is not there any more, as often as it is shown', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.join('\n'))
  const count = (all: readonly string[], line: string): number => all.filter((each) => each === line).length
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [a, b] = [before, after].map((each) => (each === '' ? [] : each.split('\n')))
      const shown = lineDiff(before, after)
      for (const line of ['a', 'b', 'c', 'd']) {
        const change = count(shown, `+ ${line}`) - count(shown, `- ${line}`)
        expect(change).toBe(count(b ?? [], line) - count(a ?? [], line))
      }
    }),
  )
})
