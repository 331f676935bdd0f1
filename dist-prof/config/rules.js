// `[[rule]]` tables: what a schema cannot say of them, and the rules they are.
import { normalScope } from '../core/scope.js';
export const checkRules = (rules) => rules.flatMap((rule, index) => [...problems(rule)].map(([key, text]) => ({ path: ['rule', index, key], text })));
function* problems({ decision, executable, container, lifetime }) {
    if (executable !== undefined && !/^(\/|\*|[A-Za-z]:\\)/.test(executable)) {
        yield ['executable', `'executable' is '${executable}', not an absolute path or a pattern`];
    }
    if (container !== undefined && !/^(any|none|[0-9a-f]{12,64})$/.test(container)) {
        yield ['container', `'container' is '${container}', not any, none, or 12 and more digits of an id`];
    }
    if (lifetime !== undefined && decision !== 'ask')
        yield ['lifetime', `'lifetime' is of no meaning where nobody is asked`];
}
export const toRule = ({ decision, scopes, ...rest }) => ({
    verdict: decision,
    ...rest,
    ...(scopes === undefined ? {} : { scopes: normalScope(scopes) }),
});
