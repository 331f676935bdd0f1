// What a token is exchanged for at AWS: helpers/ asks, oauth/ does it.
export {};
