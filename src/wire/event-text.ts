// Events in words, a line each: for the agent's log and for `authsock events`.

import { fromNow } from '../core/util/durations.ts'
import type { EventMessage } from './messages.ts'

export function eventText(event: EventMessage): string {
  switch (event.type) {
    case 'hello':
      return `watching the agent (version ${event.version})`
    case 'refreshed':
      return `${event.profile}: refreshed${event.expires_at === undefined ? '' : `, expires ${fromNow(event.expires_at, event.at)}`}`
    case 'refresh_failed':
      return `${event.profile}: not refreshed: ${event.reason}; next try ${fromNow(event.retry_at, event.at)}`
    case 'login_required':
      return `${event.profile}: login required: ${event.reason}`
    case 'logged_in':
      return `${event.profile}: logged in${event.user === undefined ? '' : ` as ${event.user}`}`
    case 'logged_out':
      return `${event.profile}: logged out`
    case 'locked':
    case 'unlocked':
      return `the vault is ${event.type}`
    case 'approval_requested':
      return `approval wanted: ${event.approval.text} (\`authsock approve ${event.approval.id}\`)`
    case 'approval_settled':
      return `approval ${event.id}: ${{ allow: 'allowed', deny: 'declined', none: 'not answered' }[event.decision]}`
    case 'approval_remembered':
      return event.remembered === 'always'
        ? `approval ${event.id} is remembered: rule ${event.rule}, line ${event.line} of ${event.config}`
        : `approval ${event.id} counts for the session, no rule could be written: ${event.detail}`
    case 'warning':
      return `warning: ${event.text}`
  }
}
