// What a shared socket answers: tokens, helpers' calls (server.ts), and what it gives. The refusal of all else says so (L3).

import { notShared, type Share } from '../../core/access/share.ts'
import { shareStatus } from '../shares/share-status.ts'
import { getToken, type Handler, json } from './routes.ts'

export function findSharedHandler(
  share: Share,
  method: string,
  path: string,
): { readonly handler: Handler; readonly profile: string } {
  if (method === 'GET' && path === '/v1/token') return { handler: getToken, profile: '' }
  if (method === 'GET' && path === '/v1/share') return { handler: () => json(shareStatus(share)), profile: '' }
  throw notShared(share)
}
