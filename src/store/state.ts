// The store's state, and which state may follow which. Only vault.ts changes it.

import { Failure } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import type { OpenVault } from './keys/key-ring.ts'
import { currentLocation, type ProviderName } from './manifest/manifest.ts'

export type StoreState = Locked | Failed | Opening | Open | Rekeying

/** No key is in memory. */
export interface Locked {
  readonly kind: 'locked'
  /** `user`: only `unlock` opens it again. `default`: the next access opens it. */
  readonly by: 'user' | 'default'
  /** Of the master key, as last read; undefined if there is no vault yet. */
  readonly provider: ProviderName | undefined
}

/** The last attempt to open or create it failed; the next access tries again. */
export interface Failed {
  readonly kind: 'failed'
  readonly failure: Failure
  readonly provider: ProviderName | undefined
}

/** The key is being fetched. Its result counts only while this same object is the state. */
export interface Opening {
  readonly kind: 'opening'
  readonly from: Locked | Failed
  /** Undefined if there is no vault yet. */
  readonly attempt: Promise<OpenVault | undefined>
}

interface Open {
  readonly kind: 'open'
  readonly vault: OpenVault
}

/** The master key is being changed. Records are read and written as in `open`. */
interface Rekeying {
  readonly kind: 'rekeying'
  readonly vault: OpenVault
  /** Settles when `vault` has the key that the manifest names; until then the manifest may be ahead of it. */
  readonly keyEntered: Promise<unknown>
}

const transitions: Readonly<Record<StoreState['kind'], ReadonlySet<StoreState['kind']>>> = {
  locked: new Set(['locked', 'opening', 'open', 'failed']),
  failed: new Set(['locked', 'opening', 'open', 'failed']),
  opening: new Set(['locked', 'open', 'failed']),
  open: new Set(['locked', 'open', 'rekeying']),
  rekeying: new Set(['locked', 'open', 'rekeying']),
}

/** Gives `next`. Throws if no such transition is in the table: a defect. */
export function transition(state: StoreState, next: StoreState): StoreState {
  if (transitions[state.kind].has(next.kind)) return next
  throw new Failure('unexpected', `the store cannot go from '${state.kind}' to '${next.kind}'`)
}

/** Undefined unless records can be read and written. */
export const vaultOf = (state: StoreState): OpenVault | undefined =>
  state.kind === 'open' || state.kind === 'rekeying' ? state.vault : undefined

export function providerOf(state: StoreState): ProviderName | undefined {
  if (state.kind === 'opening') return state.from.provider
  return state.kind === 'locked' || state.kind === 'failed' ? state.provider : currentLocation(state.vault.manifest).provider
}

/** What `authsock status` and `authsock vault` show. */
export interface VaultView {
  readonly state: 'new' | 'open' | 'locked' | 'absent' | 'unreachable'
  readonly masterKey?: ProviderName
  readonly detail?: string
  readonly hint?: string
}

export function viewOf(state: StoreState): VaultView {
  const masterKey = providerOf(state)
  switch (state.kind) {
    case 'open':
    case 'rekeying':
      return defined({ state: 'open' as const, masterKey })
    case 'opening':
      return viewOf(state.from)
    case 'failed':
      return defined({
        state: viewOfFailure(state.failure),
        masterKey,
        detail: state.failure.message,
        hint: state.failure.hint,
      })
    case 'locked':
      if (state.by === 'user') return defined({ state: 'locked' as const, masterKey, hint: new Failure('vault_locked', '').hint })
      return defined({ state: masterKey === undefined ? ('new' as const) : ('locked' as const), masterKey })
  }
}

function viewOfFailure({ code }: Failure): VaultView['state'] {
  if (code === 'vault_locked' || code === 'keychain_locked') return 'locked'
  return code === 'keychain_absent' || code === 'master_key_wrong' ? 'absent' : 'unreachable'
}
