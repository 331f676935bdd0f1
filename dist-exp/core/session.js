// A session: what the vault keeps of it, and the states it can be in while the agent runs. Times are milliseconds since
// the epoch by the wall clock; no timer is trusted (R8).
export {};
