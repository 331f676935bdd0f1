// What the agent shows of a share. Its secret does not pass through here.

import type { Share } from '../../core/access/share.ts'
import type { ShareStatus } from '../../wire/messages.ts'

export function shareStatus({
  name,
  profiles,
  secrets,
  scope,
  resource,
  audience,
  anyTarget,
  allowWiderScope,
  createdAt,
  expiresAt,
}: Share): ShareStatus {
  return {
    name,
    profiles,
    secrets,
    created_at: Math.floor(createdAt / 1000),
    expires_at: Math.floor(expiresAt / 1000),
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
    ...(anyTarget === true ? { any_target: true } : {}),
    ...(allowWiderScope === true ? { allow_wider_scope: true } : {}),
  }
}
