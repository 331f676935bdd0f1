// The part that the listeners share: plain HTTP on 127.0.0.1 for programs of this machine, and for no page of a browser
// (wire/loopback.ts).
import { createServer } from 'node:http';
import { listenOnLoopback } from '../../client/local.js';
import { asFailure, Failure } from '../../core/failures.js';
import { readUpTo } from '../../wire/body.js';
import { checkOrigin, loopback } from '../../wire/loopback.js';
import { hashOf, isSecret } from '../../wire/secret.js';
/** Bytes. */
const largestBody = 16 * 1024;
const largestHeader = 8 * 1024;
const mostConnections = 64;
/** ms for a request to arrive whole. */
const arrival = 5_000;
/** ms for which an idle connection is kept. */
const idle = 5_000;
/** Throws peer_denied. */
export function checkSecret(given, secret) {
    if (typeof given === 'string' && isSecret(given, hashOf(secret)))
        return;
    throw new Failure('peer_denied', given === undefined ? 'the secret is missing' : 'the secret is wrong', {
        hint: 'use the variables of the listener that runs now',
    });
}
export const notFound = ({ method, path }) => new Failure('not_found', `${method.slice(0, 20)} ${path.slice(0, 200)} is not served here`, { hint: '' });
/** What went wrong, and what to do, on one line. */
export const textOf = ({ message, hint }) => `${message.replaceAll('\n', '; ')}${hint === '' ? '' : `; ${hint}`}`;
/** `port` 0: any. Throws bad_request where it is taken. */
export async function listen(service, port) {
    const http = createServer({
        maxHeaderSize: largestHeader,
        headersTimeout: arrival,
        requestTimeout: arrival,
        keepAliveTimeout: idle,
        connectionsCheckingInterval: 1_000,
        insecureHTTPParser: false,
    });
    http.maxConnections = mostConnections;
    http.on('request', (request, response) => {
        answer(service, request)
            .catch((error) => service.fail(asFailure(error)))
            .then((reply) => send(request, response, reply), () => response.destroy());
    });
    http.on('upgrade', (_, socket) => socket.destroy());
    const own = await listenOnLoopback(http, port);
    return {
        port: own,
        variables: service.variables(`http://${loopback}:${own}`),
        close: () => {
            http.close();
            http.closeAllConnections();
        },
    };
}
async function answer(service, request) {
    checkOrigin(request, [loopback]);
    const { remotePort = 0, localPort = 0 } = request.socket;
    if (service.isOwnPort?.(remotePort, localPort) === false) {
        throw new Failure('peer_denied', 'what comes from another user is not answered', { hint: `ask ${loopback} itself` });
    }
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    return service.answer({
        method: request.method ?? '',
        path,
        query: new URLSearchParams(query),
        headers: request.headers,
        body: await readBody(request),
    });
}
const readBody = async (request) => (await readUpTo(request, largestBody, () => new Failure('too_large', `the body is larger than ${largestBody} bytes`))).toString();
function send(request, response, { status, body, headers = {} }) {
    if (response.destroyed)
        return;
    const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    response.writeHead(status, {
        'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
        'Content-Length': content.length,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        // A connection whose request was not read to its end cannot carry another.
        ...(request.complete ? {} : { Connection: 'close' }),
        ...headers,
    });
    response.end(content);
}
