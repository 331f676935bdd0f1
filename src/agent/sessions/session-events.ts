// The protocol's event for a notice of the refresh engine.

import type { Notice } from '../../core/session/steps.ts'
import { defined } from '../../core/util/defined.ts'

export function eventOf(profile: string, notice: Notice) {
  switch (notice.type) {
    case 'refreshed': {
      const expiresAt = notice.record.accessTokens[0]?.expiresAt
      const expiry = defined({ expires_at: expiresAt === undefined ? undefined : Math.floor(expiresAt / 1000) })
      return { type: 'refreshed', profile, ...expiry } as const
    }
    case 'refresh_failed': {
      const retryAt = Math.ceil(notice.retryAt / 1000)
      return { type: 'refresh_failed', profile, reason: notice.failure.message, retry_at: retryAt } as const
    }
    case 'narrowed': {
      const { record, from } = notice
      const text = `the server has narrowed the session of '${profile}' from '${from.join(' ')}' to '${record.scope.join(' ')}'`
      return { type: 'warning', text: `${text}; a new login restores it` } as const
    }
    case 'login_required':
      return { type: 'login_required', profile, reason: notice.reason.text } as const
  }
}
