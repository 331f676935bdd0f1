// Who logged in, by the claims of the ID token.
import { printable } from './outcome.js';
export function identityOf(claims) {
    const text = (name) => {
        const value = claims[name];
        return typeof value === 'string' && printable(value) !== '' ? printable(value) : undefined;
    };
    const [name, email, preferredUsername] = [text('name'), text('email'), text('preferred_username')];
    return {
        issuer: claims.iss,
        subject: claims.sub,
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
        ...(preferredUsername === undefined ? {} : { preferredUsername }),
    };
}
/** Undefined where it is no JWT. */
export function unverifiedClaims(idToken) {
    try {
        const payload = idToken.reveal().split('.')[1];
        const claims = payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString());
        return typeof claims === 'object' && claims !== null ? claims : undefined;
    }
    catch {
        return undefined;
    }
}
export const sameIdentity = (claims, identity) => claims['iss'] === identity.issuer && claims['sub'] === identity.subject;
