// `POST /v1/helper/{name}`: a tool's call of its helper, carried out. Whatever happens, the answer is in the form that the
// thin client understands.
import { asFailure, Failure } from '../core/failures.js';
import { closest } from '../core/words.js';
import { failed } from '../helpers/print.js';
import { adapters } from '../helpers/index.js';
import { findHelper, helpers } from '../wire/helper-table.js';
import { decodeHelperCall, helperHeaders } from '../wire/helper.js';
export async function callHelper(name, body, { ports, throws, mayLogIn }) {
    const row = findHelper(name);
    if (row === undefined) {
        const close = closest(name, helpers.map((each) => each.name));
        const hint = close === undefined ? `known are ${helpers.map((each) => each.name).join(', ')}` : `did you mean '${close}'?`;
        return outcome(failed(new Failure('not_found', `there is no helper '${name.slice(0, 40)}'`, { hint })));
    }
    const helper = await adapters[row.name]();
    let request = { args: [], env: {}, stdin: '' };
    let terminal = false;
    try {
        const call = decodeHelperCall(body);
        terminal = call.terminal;
        request = { args: call.args, env: call.env, stdin: Buffer.from(call.stdin).toString() };
        return outcome(await helper.run(request, ports));
    }
    catch (error) {
        const failure = asFailure(error);
        if (throws)
            throw failure;
        const { profile } = failure.details;
        const needsLogin = failure.code === 'login_required' || failure.code === 'login_pending';
        const isBatch = () => !terminal || attempt(() => helper.isBatch?.(request)) === true;
        const login = needsLogin && profile !== undefined && !isBatch() && (await mayLogIn()) ? profile : undefined;
        const answer = attempt(() => helper.fail?.(failure, request)) ?? failed(failure);
        return { ...outcome(answer, login), ...(failure.code === 'unexpected' ? { defect: failure } : {}) };
    }
}
/** What an adapter says of a request that it could not read may fail like the request did. */
function attempt(work) {
    try {
        return work();
    }
    catch {
        return undefined;
    }
}
function outcome({ stdout = '', stderr = '', exit = 0, next }, login) {
    const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
    return {
        headers: {
            [helperHeaders.stdout]: String(out.length),
            ...(next === 'more' ? {} : { [helperHeaders.exit]: String(exit) }),
            ...(next === 'pass_on' ? { [helperHeaders.passOn]: '1' } : {}),
            ...(login === undefined ? {} : { [helperHeaders.login]: login }),
        },
        body: Buffer.concat([out, err]),
    };
}
