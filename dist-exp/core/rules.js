// Rules: what a request gets before any token is looked at. They stand in config.toml in an order, and the first that matches
// decides. What a rule does not name is free; what is unknown of a caller matches no name.
import { callerText, isWindowsPath } from './caller.js';
import { plain, plainName } from './plain.js';
export function rule(rules, question) {
    const index = rules.findIndex((each) => matches(each, question));
    const found = rules[index];
    return found === undefined ? { verdict: 'allow' } : { verdict: found.verdict, index, rule: found };
}
const matches = (each, question) => mismatch(each, question) === undefined;
/** Which of a rule's fields keeps it from matching; undefined where it matches. */
export function mismatch(each, { profile, target, visitor }) {
    const { caller, door } = visitor;
    if (each.profile !== undefined && each.profile !== profile)
        return 'profile';
    if (each.scopes !== undefined && !coversScopes(each.scopes, target.scope))
        return 'scopes';
    if (each.resource !== undefined && each.resource !== (target.resource ?? target.audience))
        return 'resource';
    if (each.executable !== undefined && !matchesPath(each.executable, caller.executable))
        return 'executable';
    if (each.container !== undefined && !matchesContainer(each.container, visitor))
        return 'container';
    if (each.share !== undefined && !matchesShare(each.share, door.kind === 'share' ? door.share : undefined))
        return 'share';
    return undefined;
}
const coversScopes = (allowed, asked) => asked !== undefined && asked.every((scope) => allowed.includes(scope));
function matchesPath(pattern, path) {
    if (path === undefined)
        return false;
    const isWindows = isWindowsPath(path);
    const within = isWindows ? String.raw `[^\\/]*` : '[^/]*';
    const source = pattern
        .split(/(\*\*|\*)/)
        .map((part) => (part === '**' ? '.*' : part === '*' ? within : part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw `\$&`)))
        .join('');
    return new RegExp(`^${source}$`, isWindows ? 'is' : 's').test(path);
}
function matchesContainer(wanted, { caller }) {
    const { container, isKnown } = caller;
    if (wanted === 'none')
        return isKnown && container === undefined;
    if (container === undefined)
        return false;
    return wanted === 'any' || (wanted.length >= 12 && container.id?.startsWith(wanted) === true);
}
const matchesShare = (wanted, share) => wanted === 'none' ? share === undefined : share !== undefined && (wanted === 'any' || wanted === share);
/** For people, on one line. */
export const questionText = ({ profile, target, visitor }) => {
    const { scope, resource, audience } = target;
    const what = [scope === undefined ? undefined : plain(scope.map(plainName).join(' ')), ...[resource, audience].map(nameIfAny)]
        .filter((part) => part !== undefined)
        .join(', ');
    return `${callerText(visitor)} asks for a token of '${plain(profile)}'${what === '' ? '' : ` (${what})`}`;
};
const nameIfAny = (text) => (text === undefined ? undefined : plainName(text));
