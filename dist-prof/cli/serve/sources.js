// Where the listeners get what they give out: the agent, asked anew for each request.
/** Seconds for which a token is taken to be good where its server does not say. */
const assumed = 300;
export function sourcesOf(agent, caller, options) {
    const { profile, scope, resource, audience } = options;
    const hasTarget = scope !== undefined || resource !== undefined || audience !== undefined;
    return {
        token: () => agent.token(options),
        tokenFor: (asked) => agent.token(hasTarget ? options : { ...options, resource: asked }),
        user: async (name) => (await agent.session(name)).user,
        helper: (name, args) => caller.call(name, args),
        profile: profile === undefined ? [] : [profile],
        now: () => Math.floor(Date.now() / 1000),
    };
}
/** Seconds since the epoch. */
export const expiryOf = ({ expires_at }) => Math.floor(expires_at ?? Date.now() / 1000 + assumed);
