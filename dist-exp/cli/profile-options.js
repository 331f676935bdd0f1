// The options that describe a profile, shared by `login ISSUER` and `profile add`.
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../core/failures.js';
import { grants } from '../core/profile.js';
/** For an option that may be repeated. */
export const collect = (value, before = []) => [
    ...before,
    ...value.split(/[\s,]+/).filter((s) => s !== ''),
];
const oneOf = (option, all) => (value) => {
    const found = all.find((each) => each === value || each.replaceAll('_', '-') === value);
    if (found !== undefined)
        return found;
    throw new Failure('bad_request', `${option} is '${value}', not one of ${all.join(', ')}`);
};
const authentications = ['none', 'client_secret_basic', 'client_secret_post'];
export function withProfileOptions(command) {
    return command
        .option('--client-id <id>', 'the client as it is registered at the server')
        .option('--grant <grant>', grants.join(', '), oneOf('--grant', grants))
        .option('--scope <scopes>', 'scopes to ask for, repeated or separated by spaces', collect)
        .option('--resource <uri>', 'the resource that tokens are for (RFC 8707)')
        .option('--audience <audience>', "for servers that take 'audience' in place of 'resource'")
        .option('--client-authentication <method>', authentications.join(', '), oneOf('--client-authentication', authentications))
        .option('--redirect <uri>', 'the redirect URI of browser logins (default: http://127.0.0.1/callback, any port)')
        .option('--refresh <when>', 'ahead (default) or on_demand', oneOf('--refresh', ['ahead', 'on_demand']))
        .option('--ca-file <path>', 'certificates of an authority of your own (PEM)')
        .option('--token-endpoint <url>', 'for a server without metadata: its token endpoint')
        .option('--authorization-endpoint <url>', '... its authorization endpoint')
        .option('--device-authorization-endpoint <url>', '... its device authorization endpoint')
        .option('--revocation-endpoint <url>', '... its revocation endpoint')
        .option('--jwks-uri <url>', '... its signing keys');
}
/** Each option that says how a profile is to be, and what it sets; `grant` may also be said of a single login. */
const describers = {
    scope: 'scopes',
    resource: 'resource',
    audience: 'audience',
    clientAuthentication: 'clientAuthentication',
    redirect: 'redirect',
    refresh: 'refresh',
    caFile: 'caFile',
    tokenEndpoint: 'endpoints',
    authorizationEndpoint: 'endpoints',
    deviceAuthorizationEndpoint: 'endpoints',
    revocationEndpoint: 'endpoints',
    jwksUri: 'endpoints',
};
const given = (options) => Object.keys(describers).filter((key) => options[key] !== undefined);
const flag = (key) => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
/** Options that describe a profile, as they are typed. */
export const describing = (options) => given(options).map(flag);
/** Of those, the ones by which `wanted` is another profile than `existing`. */
export const differing = (existing, wanted, options) => given(options)
    .filter((key) => !isDeepStrictEqual(existing[describers[key]], wanted[describers[key]]))
    .map(flag);
/** As config.toml writes it. Throws bad_request where what must be there is not. */
export function profileTable(issuer, options) {
    if (options.clientId === undefined) {
        throw new Failure('bad_request', 'a profile needs the id of a client that is registered at the server', {
            hint: 'add --client-id ID; the server (or whoever runs it) gives it to you',
        });
    }
    const table = {
        issuer,
        client_id: options.clientId,
        grant: options.grant,
        scopes: options.scope,
        resource: options.resource,
        audience: options.audience,
        client_authentication: options.clientAuthentication,
        redirect: options.redirect,
        refresh: options.refresh,
        // The agent works in another folder.
        ca_file: options.caFile === undefined ? undefined : resolve(options.caFile),
        endpoints: endpoints(options),
    };
    return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
function endpoints(options) {
    const named = Object.entries({
        token: options.tokenEndpoint,
        authorization: options.authorizationEndpoint,
        device_authorization: options.deviceAuthorizationEndpoint,
        revocation: options.revocationEndpoint,
        jwks: options.jwksUri,
    }).filter((entry) => entry[1] !== undefined);
    if (named.length === 0)
        return undefined;
    if (options.tokenEndpoint === undefined) {
        throw new Failure('bad_request', 'endpoints given by hand need the token endpoint at least', {
            hint: 'add --token-endpoint URL',
        });
    }
    return Object.fromEntries(named);
}
