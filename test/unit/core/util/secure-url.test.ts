import { expect, test } from 'vitest'
import { insecurityOf } from '../../../../src/core/util/secure-url.ts'

test.each([
  ['https://as.example/token', undefined],
  ['http://127.0.0.1:8080/token', undefined],
  ['http://[::1]/token', undefined],
  ['http://localhost/token', undefined],
  // The parser of URLs makes 127.0.0.1 of these.
  ['http://2130706433/', undefined],
  ['http://0x7f.1/', undefined],
  ['http://as.example/token', 'is plain http: https is required for every host but loopback'],
  ['http://127.0.0.1.as.example/', 'is plain http: https is required for every host but loopback'],
  ['http://localhost.as.example/', 'is plain http: https is required for every host but loopback'],
  ['https://user@as.example/', 'contains a user name or a password'],
  ['https://:password@as.example/', 'contains a user name or a password'],
  ['ftp://as.example/', 'is not an https URL'],
  ['javascript:alert(1)', 'is not an https URL'],
])('P19 P21 %s', (url, problem) => {
  expect(insecurityOf(new URL(url))).toBe(problem)
})
