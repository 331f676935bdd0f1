// config.toml as the program sees it: profiles and routes with every default filled in. Read again only when the file has
// changed.
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../core/failures.js';
import { normalScope } from '../core/scope.js';
import { providerOf } from './providers.js';
import { checkRules, toRule } from './rules.js';
import { checkRoutes, toRoute } from './routes.js';
import { parseToml, tomlValue } from './toml.js';
import { complain, validate } from './validate.js';
const empty = {
    profiles: new Map(),
    routes: [],
    interactiveLogin: true,
    rules: [],
    audit: 'on',
    lockWithScreen: false,
};
export class ConfigFile {
    path;
    #stamp = '';
    #config = empty;
    constructor(path) {
        this.path = path;
    }
    /** The same object as before while the file has not changed. A file that is not there is an empty one. Throws config_invalid. */
    async read() {
        const stamp = await stampOf(this.path);
        if (stamp !== this.#stamp) {
            this.#config = stamp === '' ? empty : await readConfig(await readText(this.path), this.path);
            this.#stamp = stamp;
        }
        return this.#config;
    }
}
async function stampOf(path) {
    try {
        const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
        return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
    }
    catch (error) {
        if (error.code === 'ENOENT')
            return '';
        throw new Failure('config_invalid', `${path} cannot be read: ${error.code}`, { cause: error });
    }
}
export async function readText(path) {
    try {
        return await readFile(path, 'utf8');
    }
    catch (error) {
        throw new Failure('config_invalid', `${path} cannot be read: ${error.code}`, { cause: error });
    }
}
/** Throws config_invalid. */
export async function readConfig(text, file) {
    const value = (await tomlValue(text)) ?? (await parseToml(text, file)).value;
    const defects = await validate(value);
    // Where it stands is looked up when there is something to say.
    if (defects.length > 0)
        throw complain(await parseToml(text, file), file, defects);
    const { default_profile: defaultProfile, profile: tables = {}, route: routes = [], interactive_login: interactiveLogin = true, rule: rules = [], audit = 'on', prompt, lock_after: lockAfter, lock_with_screen: lockWithScreen = false, notify, } = value;
    const complaints = Object.entries(tables).flatMap(([name, table]) => checkProfile(table, ['profile', name]));
    if (defaultProfile !== undefined && !Object.hasOwn(tables, defaultProfile)) {
        complaints.push({ path: ['default_profile'], text: `'default_profile' is '${defaultProfile}', and there is no such profile` });
    }
    complaints.push(...checkRoutes(routes, Object.keys(tables)), ...checkRules(rules));
    if (complaints.length > 0)
        throw complain(await parseToml(text, file), file, complaints);
    const profiles = new Map(Object.entries(tables).map(([name, table]) => [name, toProfile(name, table)]));
    return {
        profiles,
        routes: routes.map(toRoute),
        interactiveLogin,
        rules: rules.map(toRule),
        audit,
        lockWithScreen,
        ...(prompt === undefined ? {} : { prompt }),
        ...(lockAfter === undefined ? {} : { lockAfter }),
        ...(notify === undefined ? {} : { notify }),
        ...(defaultProfile === undefined ? {} : { defaultProfile }),
    };
}
/** What a schema cannot say. */
function checkProfile(table, path) {
    const urls = [
        [[...path, 'issuer'], table.issuer],
        ...Object.entries(table.endpoints ?? {}).map(([name, url]) => [[...path, 'endpoints', name], url]),
    ];
    const complaints = urls.flatMap(([at, url]) => {
        const problem = url === undefined ? undefined : urlProblem(url);
        return problem === undefined ? [] : [{ path: at, text: `'${at.at(-1)}' ${problem}` }];
    });
    const { resource } = table;
    if (resource !== undefined && (!URL.canParse(resource) || resource.includes('#'))) {
        complaints.push({ path: [...path, 'resource'], text: "'resource' is not an absolute URI without a fragment" });
    }
    for (const key of ['lifetime', 'idle_limit']) {
        if (table[key] === undefined || table.grant !== 'client_credentials')
            continue;
        complaints.push({ path: [...path, key], text: `'${key}' is of no meaning where nobody logs in (client_credentials)` });
    }
    for (const name of Object.keys(table.authorization_parameters ?? {})) {
        if (!ownParameters.has(name))
            continue;
        complaints.push({ path: [...path, 'authorization_parameters', name], text: `'${name}' is set by the program itself` });
    }
    return complaints;
}
/** What a login is made of, or what would take its place (RFC 9101). */
const ownParameters = new Set([
    'response_type',
    'response_mode',
    'client_id',
    'redirect_uri',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
]);
/** P19: https everywhere but on this machine. */
function urlProblem(text) {
    const url = URL.parse(text);
    if (url === null)
        return `is '${text}', not an absolute URL`;
    if (url.username !== '' || url.password !== '')
        return 'holds a user name or a password';
    if (url.hash !== '')
        return 'holds a fragment';
    if (url.protocol === 'https:')
        return undefined;
    if (url.protocol !== 'http:')
        return `is '${text}', not an https URL`;
    const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
    return isLoopback ? undefined : 'is plain http: https is needed everywhere but on this machine';
}
export function toProfile(name, table) {
    const provider = providerOf(table.issuer);
    const grant = table.grant ?? 'authorization_code';
    const isInteractive = grant !== 'client_credentials';
    const scopes = table.scopes ?? (isInteractive ? (provider?.scopes ?? ['openid', 'offline_access']) : []);
    const needsSecret = !isInteractive || table.client_secret_file !== undefined;
    const endpoints = table.endpoints === undefined ? provider?.endpoints : toEndpoints(table.endpoints);
    return {
        name,
        issuer: table.issuer,
        clientId: table.client_id,
        grant,
        scopes: normalScope(scopes),
        clientAuthentication: table.client_authentication ?? (needsSecret ? 'client_secret_basic' : 'none'),
        refresh: table.refresh ?? 'ahead',
        refreshGrace: table.refresh_grace ?? provider?.refreshGrace ?? 0,
        redirect: toRedirect(table.redirect),
        authorizationParameters: { ...provider?.authorizationParameters, ...table.authorization_parameters },
        ...(table.lifetime === undefined ? {} : { lifetime: table.lifetime }),
        ...(table.idle_limit === undefined ? {} : { idleLimit: table.idle_limit }),
        ...(table.resource === undefined ? {} : { resource: table.resource }),
        ...(table.audience === undefined ? {} : { audience: table.audience }),
        ...(table.client_secret_file === undefined ? {} : { clientSecretFile: expandHome(table.client_secret_file) }),
        ...(table.ca_file === undefined ? {} : { caFile: expandHome(table.ca_file) }),
        ...(endpoints === undefined ? {} : { endpoints }),
    };
}
const toEndpoints = ({ device_authorization: deviceAuthorization, ...rest }) => ({
    ...rest,
    ...(deviceAuthorization === undefined ? {} : { deviceAuthorization }),
});
function toRedirect(text = 'http://127.0.0.1/callback') {
    const url = new URL(text);
    return { host: url.hostname === '[::1]' ? '::1' : '127.0.0.1', port: Number(url.port), path: url.pathname };
}
const expandHome = (path) => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path);
