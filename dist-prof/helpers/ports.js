// What an adapter is given and what it gives back: parse -> ask -> print. The agent implements HelperPorts; the thin client
// carries the rest between the tool and the agent without understanding it.
export {};
