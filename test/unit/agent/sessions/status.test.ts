// What the status says of a session.

import { expect, test } from 'vitest'
import { sessionStatus } from '../../../../src/agent/sessions/status.ts'
import { toProfile } from '../../../../src/config/profile-table.ts'
import type { SessionRecord } from '../../../../src/core/session/session.ts'
import { record } from '../../core/session/fixtures.ts'

const profile = toProfile('work', { issuer: 'https://issuer.example', client_id: 'client' })
const renewable = (of: SessionRecord): unknown =>
  sessionStatus(profile, { kind: 'active', record: of }, { nextWake: undefined, endsAt: undefined, loginPending: false })
    .renewable

test('L12 whether a session is renewed is said by its grant and refresh token, not by what is scheduled', () => {
  const { refreshToken: _, ...without } = record()
  expect(renewable(record())).toBe(true)
  expect(renewable(without)).toBe(false)
  expect(renewable({ ...without, grant: 'client_credentials' })).toBe(true)
})
