// How a helper's call travels: in a form that C writes and reads without JSON. The body is a line for each argument and each
// variable (`arg VALUE`, `env NAME=VALUE`), an empty line, then stdin as it is; control characters and `%` in a value are
// written as `%XX`. The answer's body is stdout followed by stderr, and its headers say how to take it apart. Who accepts problem documents
// alone is no tool, and gets one where it fails.
import { Failure } from '../core/failures.js';
export const helperType = 'application/vnd.authsock.helper';
export const helperHeaders = {
    /** Bytes of the body that are stdout. */
    stdout: 'Authsock-Stdout',
    /** The exit code; absent: the conversation goes on. */
    exit: 'Authsock-Exit',
    /** A login to this profile, and the same request again, would help. */
    login: 'Authsock-Login',
    /** For the program of the same name that comes next on the PATH. */
    passOn: 'Authsock-Pass-On',
};
const escape = (text) => text.replaceAll(/[\p{Cc}%]/gu, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`);
const unescape = (text) => text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
export function encodeHelperCall({ args, env, terminal, stdin }) {
    const lines = [
        ...args.map((arg) => `arg ${escape(arg)}`),
        ...Object.entries(env).map(([name, value]) => `env ${name}=${escape(value)}`),
        ...(terminal ? ['terminal'] : []),
    ];
    return Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('') + '\n'), stdin]);
}
/** Throws bad_request. Lines of a kind that is not known are for a later version. */
export function decodeHelperCall(body) {
    const args = [];
    const env = {};
    let terminal = false;
    for (let start = 0;;) {
        const end = body.indexOf(0x0a, start);
        if (end < 0)
            throw new Failure('bad_request', 'the call of a helper ends in the middle of its head');
        const line = body.toString('utf8', start, end);
        start = end + 1;
        if (line === '')
            return { args, env, terminal, stdin: body.subarray(start) };
        const [kind, value] = [line.slice(0, 4), unescape(line.slice(4))];
        const mark = value.indexOf('=');
        if (kind === 'arg ')
            args.push(value);
        else if (kind === 'env ' && mark > 0)
            env[value.slice(0, mark)] = value.slice(mark + 1);
        else if (line === 'terminal')
            terminal = true;
    }
}
