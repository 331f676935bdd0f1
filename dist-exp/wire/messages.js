// The protocol's messages, as TypeScript types: what protocol/openapi.json says, in this language. Names on the wire are
// snake_case like those of RFC 6749; instants are seconds since the epoch, durations are seconds.
export {};
