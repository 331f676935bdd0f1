// Where a request came from: who asks, by which request, and the bounds of the share that it came by.

import type { Requester } from '../../core/access/caller.ts'
import type { Share } from '../../core/access/share.ts'

export interface RequestContext {
  readonly requester: Requester
  /** `token`, the name of a helper, or method and path: for the audit log. */
  readonly request: string
  /** As the share is now; undefined on the main socket (L3). */
  readonly share?: Share
}
