// Static secrets: passwords, personal access tokens, API keys. They do not refresh; where one says when it ends, that is
// watched.
import { Failure } from './failures.js';
import { parsePlace } from './place.js';
import { redact } from './redacted.js';
export const placeOfSecret = ({ url, username }) => {
    const place = url === undefined ? undefined : parsePlace(url);
    if (place === undefined)
        return undefined;
    return username === undefined ? place : { ...place, username };
};
export const isExpired = ({ expiresAt }, now) => expiresAt !== undefined && expiresAt <= now;
/** Prefixes by which issuers let their secrets be recognised; the longest first where one begins with another. */
const prefixes = [
    ['github_pat_', 'GitHub fine-grained token'],
    ['ghp_', 'GitHub personal access token'],
    ['gho_', 'GitHub OAuth token'],
    ['ghu_', 'GitHub user token'],
    ['ghs_', 'GitHub installation token'],
    ['glpat-', 'GitLab personal access token'],
    ['gldt-', 'GitLab deploy token'],
    ['glrt-', 'GitLab runner token'],
    ['npm_', 'npm token'],
    ['pypi-', 'PyPI token'],
    ['cio', 'crates.io token'],
    ['dckr_pat_', 'Docker Hub token'],
    ['dop_v1_', 'DigitalOcean token'],
    ['hf_', 'Hugging Face token'],
    ['sk-ant-', 'Anthropic API key'],
    ['sk-proj-', 'OpenAI API key'],
    ['xoxb-', 'Slack bot token'],
    ['xoxp-', 'Slack user token'],
    ['sk_live_', 'Stripe secret key'],
    ['hvs.', 'Vault token'],
    ['AKIA', 'AWS access key id'],
    ['eyJ', 'JSON Web Token'],
];
/** What the secret looks like, for display; undefined where nothing is known of it. */
export const kindOfSecret = (value) => prefixes.find(([prefix]) => value.startsWith(prefix))?.[1];
const version = 1;
export function encodeSecret(secret) {
    return new TextEncoder().encode(JSON.stringify({ version, ...secret, value: secret.value.reveal() }));
}
/** Throws record_damaged. */
export function decodeSecret(content, name) {
    const json = parse(content);
    const { value, url, username, createdAt, expiresAt, origin } = json;
    const isWhole = json['version'] === version &&
        json['name'] === name &&
        typeof value === 'string' &&
        typeof createdAt === 'number' &&
        (origin === 'user' || origin === 'tool') &&
        (url === undefined || typeof url === 'string') &&
        (username === undefined || typeof username === 'string') &&
        (expiresAt === undefined || typeof expiresAt === 'number');
    if (!isWhole)
        throw damaged(name);
    return {
        name,
        value: redact(value),
        createdAt,
        origin,
        ...(url === undefined ? {} : { url }),
        ...(username === undefined ? {} : { username }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
    };
}
function parse(content) {
    try {
        const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
        return typeof json === 'object' && json !== null ? json : {};
    }
    catch {
        return {};
    }
}
const damaged = (name) => new Failure('record_damaged', `the stored secret '${name}' cannot be read`, {
    hint: `the file is kept; \`authsock secret add ${name}\` replaces it`,
});
/** A name for what a tool stores: the host, the port and the user, and a number where that is taken by another place. */
export function nameOfSecret(place, isTaken) {
    const { host, port, username } = place;
    const parts = [host.replace('*.', 'any.'), port, username].filter((part) => part !== undefined).join('-');
    const base = (parts
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]+/g, '-')
        .replace(/^[._-]+/, '') || 'secret').slice(0, 56);
    for (let count = 1;; count++) {
        const name = count === 1 ? base : `${base}-${count}`;
        if (!isTaken(name))
            return name;
    }
}
