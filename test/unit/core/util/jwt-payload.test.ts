import { expect, test } from 'vitest'
import { jwtPayload } from '../../../../src/core/util/jwt-payload.ts'

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

test.each<[string, string, object | undefined]>([
  ['a JWT', `${part({ alg: 'RS256' })}.${part({ exp: 5, name: 'Zoë 漢字 ??>>' })}.sig`, { exp: 5, name: 'Zoë 漢字 ??>>' }],
  ['one without a signature', `${part({ alg: 'none' })}.${part({ exp: 5 })}.`, { exp: 5 }],
  ['an opaque token', 'gho_16C7e42F292c6912E7710c838347Ae178B4a', undefined],
  ['an opaque token with dots', 'ya29.a0Af.B_1', undefined],
  ['an encrypted one', 'a.b.c.d.e', undefined],
  ['a payload that is a list', `${part({})}.${part([1])}.s`, undefined],
  ['a payload that is null', `${part({})}.${part('null')}.s`, undefined],
  ['a payload that is not UTF-8', `${part({})}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.s`, undefined],
  ['nothing', '', undefined],
])('%s', (_, token, claims) => {
  expect(jwtPayload(token)).toEqual(claims)
})
