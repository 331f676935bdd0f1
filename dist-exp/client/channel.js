// A WebSocket to the agent as an async iterable, for index.ts alone.
import { connect } from 'node:net';
import { Failure } from '../core/failures.js';
import { decodeProblem } from '../wire/problem.js';
import { address, connectionFailure, parse } from './transport.js';
export async function openChannel(path, target, signal) {
    if (signal?.aborted === true)
        throw new Failure('cancelled', 'cancelled');
    if (path.startsWith('http'))
        throw new Failure('share_limited', 'a share answers requests for tokens and nothing else');
    const socketPath = address(path);
    const { WebSocket } = await import('ws');
    // ws takes the connection that this makes, and with it Node's pipes on Windows; its types do not say so.
    const options = {
        createConnection: () => connect(socketPath),
        perMessageDeflate: false,
    };
    const socket = new WebSocket(`ws://authsock${target}`, options);
    const messages = new Queue(socket, path);
    const hangUp = () => socket.terminate();
    signal?.addEventListener('abort', hangUp, { once: true });
    socket.on('close', () => signal?.removeEventListener('abort', hangUp));
    await messages.opened.catch((error) => {
        throw signal?.aborted === true ? new Failure('cancelled', 'cancelled') : error;
    });
    return {
        say: (reply) => socket.send(JSON.stringify(reply)),
        async *login() {
            try {
                for await (const message of messages.all()) {
                    if (message.type === 'error')
                        throw decodeProblem(message.problem);
                    yield message;
                    if (message.type === 'done')
                        return;
                }
                throw signal?.aborted === true
                    ? new Failure('login_cancelled', 'the login was cancelled')
                    : new Failure('shutting_down', 'the agent hung up before the login was done');
            }
            finally {
                hangUp();
            }
        },
        async *events() {
            try {
                yield* messages.all();
            }
            finally {
                hangUp();
            }
        },
    };
}
/** What has arrived and was not taken yet. */
class Queue {
    opened;
    #waiting = [];
    #wake = () => { };
    #ended = false;
    constructor(socket, path) {
        this.opened = new Promise((resolve, reject) => {
            socket.on('open', () => resolve());
            socket.on('error', (error) => reject(connectionFailure(error, path)));
            socket.on('unexpected-response', (_, response) => {
                let text = '';
                response.on('data', (chunk) => {
                    text += chunk.toString();
                });
                response.on('end', () => reject(decodeProblem(parse(text))));
            });
        });
        socket.on('message', (data) => {
            this.#waiting.push(data.toString());
            this.#wake();
        });
        socket.on('close', () => {
            this.#ended = true;
            this.#wake();
        });
    }
    async *all() {
        for (;;) {
            const text = this.#waiting.shift();
            if (text !== undefined)
                yield message(text);
            else if (this.#ended)
                return;
            else {
                await new Promise((resolve) => {
                    this.#wake = resolve;
                });
            }
        }
    }
}
function message(text) {
    const json = parse(text);
    if (typeof json === 'object' && json !== null)
        return json;
    throw new Failure('unexpected', "what listens there does not speak authsock's protocol");
}
