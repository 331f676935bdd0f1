// The user's word on a request that a rule puts before him.

export interface ApprovalReply {
  readonly decision: 'allow' | 'deny'
  /** `session`: until the vault is locked or the agent stops; else seconds. Default: once, for all that wait now. */
  readonly remember?: 'once' | 'session' | number
}
