// What the engine needs of the world. oauth/, vault/ and platform/ implement these; tests may put fakes here and nowhere
// further in.
export {};
