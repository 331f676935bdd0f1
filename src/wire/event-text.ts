// One line of text for each event: for the agent's log and `authsock events`.

import { fromNow } from '../core/util/durations.ts'
import type { EventMessage } from './messages.ts'

export function eventText(event: EventMessage): string {
  switch (event.type) {
    case 'hello':
      return `watching the agent (version ${event.version})`
    case 'refreshed':
      return `${event.profile}: refreshed${event.expires_at === undefined ? '' : `, expires ${fromNow(event.expires_at, event.at)}`}`
    case 'refresh_failed':
      return `${event.profile}: refresh failed: ${event.reason}; next attempt ${fromNow(event.retry_at, event.at)}`
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
      return `approval needed: ${event.approval.text} (\`authsock approve ${event.approval.id}\`)`
    case 'approval_settled':
      return `approval ${event.id}: ${{ allow: 'allowed', deny: 'denied', none: 'not answered' }[event.decision]}`
    case 'approval_remembered':
      return event.remembered === 'always'
        ? `approval ${event.id}: wrote rule ${event.rule} (${event.config}:${event.line})`
        : `approval ${event.id}: applies to this session only, the rule could not be written: ${event.detail}`
    case 'warning':
      return `warning: ${event.text}`
  }
}
