// How much a connection may send, and for how long it may take (L4). One file, so that the figures can be weighed together.

/** Bytes of a JSON body: the largest is a passphrase or a client secret. */
export const maxJsonBytes = 64 * 1024
/** Bytes of a helper call: kubectl describes its cluster, with the certificates of its authority. */
export const maxHelperCallBytes = 512 * 1024
export const maxHeaderBytes = 16 * 1024

export const maxConnections = 16_384
/** Of a share: its clients may not use up the agent's descriptors. budget.ts limits all shares together. */
export const maxShareConnections = 256
/** Requests of one connection that are being answered: a client that sends more does not read. */
export const maxPipelined = 32
export const maxSharePipelined = 4
/** Connections to a share that wait to be accepted: all of them are accepted in one turn, which others wait for. */
export const shareBacklog = 128
/** For which no connection to a share is accepted once too many have come. */
export const acceptPauseMs = 100
/** Bytes of answers that a client may leave unread and still send requests. */
export const maxUnreadBytes = 64 * 1024

/** For a request to arrive whole. */
export const arrivalTimeoutMs = 10_000
/** For a connection without a request. Clients are told less, so that none sends a request as it is closed. */
export const idleTimeoutMs = 70_000
export const keepAlive = 'timeout=60'
/** For the last answer of a connection to be read. */
export const lastAnswerTimeoutMs = 1_000
/** At a stop, for answers to be read. */
export const drainTimeoutMs = 2_000

/** For the answers to what was asked before another agent takes over: a refresh may be under way. */
export const finishTimeoutMs = 20_000

/** Of requests that are not for a credential: a burst, and so many a second. */
export const requestBurst = 200
export const requestsPerSecond = 100
