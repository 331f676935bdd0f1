// What the refresh engine is told, what it wants done, and what it says of itself. transitions.ts makes steps of these.
export {};
