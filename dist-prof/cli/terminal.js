// The one file that writes to the terminal. Results go to stdout; what is said about them, to stderr: lower-case, no full
// stop, `authsock: ...` and, where there is one, `hint: ...`.
import { asFailure } from '../core/failures.js';
import { encodeProblem } from '../wire/problem.js';
const code = (open, close) => (text) => `\u001b[${open}m${text}\u001b[${close}m`;
const plain = (text) => text;
/** Names, codes and reasons come from servers: of their controls a terminal gets none but the colours below, which hide nothing. */
const controls = /\p{Cc}(?:\[(?:1|2|22|31|32|33|39)m)?|[\p{Cf}\p{Zl}\p{Zp}]/gu;
const printable = (text) => text.replaceAll(controls, (found) => found === '\n' || found === '\t' || found.startsWith('\u001b[') ? found : `\ufffd${found.slice(1)}`);
/** Cut to the columns that a terminal has. */
const fit = (text, columns) => (text.length <= columns ? text : text.slice(0, Math.max(0, columns)));
const colours = { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), warn: code(33, 39), bad: code(31, 39) };
const noColours = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain };
export class Terminal {
    #out;
    #err;
    #env;
    #transient = false;
    constructor(out = process.stdout, err = process.stderr, env = process.env) {
        this.#out = out;
        this.#err = err;
        this.#env = env;
        // `authsock status | head -1`: whoever read has seen enough. Without a reader of stderr the exit code still counts.
        for (const stream of [out, err]) {
            stream.on('error', (error) => {
                if (error.code !== 'EPIPE')
                    throw error;
                if (stream === out)
                    process.exit(0);
            });
        }
    }
    get isInteractive() {
        return this.#err.isTTY === true && process.stdin.isTTY === true && this.#env['CI'] === undefined;
    }
    get outputIsTerminal() {
        return this.#out.isTTY === true;
    }
    /** Columns of stdout. */
    get width() {
        return positive(this.#out.columns) ?? 100;
    }
    get rows() {
        return positive(this.#out.rows) ?? 24;
    }
    get style() {
        return this.#colours(this.#out);
    }
    /** Of what `say` writes. */
    get asideStyle() {
        return this.#colours(this.#err);
    }
    /** A result. */
    print(text) {
        this.#out.write(`${this.outputIsTerminal ? printable(text) : text}\n`);
    }
    /** As it is: cursor movements. */
    printRaw(text) {
        this.#out.write(text);
    }
    json(value) {
        this.print(JSON.stringify(value, undefined, this.outputIsTerminal ? 2 : undefined));
    }
    /** Something about a result, for people. */
    say(text) {
        this.#clearTransient();
        this.#err.write(`${printable(text)}\n`);
    }
    /** One line that the next one replaces; nothing where stderr is no terminal. */
    progress(text) {
        if (this.#err.isTTY !== true)
            return;
        this.#err.write(`\r\u001b[2K${fit(printable(text), (positive(this.#err.columns) ?? 80) - 1)}`);
        this.#transient = true;
    }
    note(text) {
        this.say(`authsock: ${text}`);
    }
    hint(text) {
        if (text !== '')
            this.say(`hint: ${text}`);
    }
    /** With `asJson`, a problem document (RFC 9457) on one line. */
    failure(error, asJson) {
        const failure = asFailure(error);
        if (asJson) {
            this.say(JSON.stringify(encodeProblem(failure)));
            return;
        }
        const [first, ...more] = linesOf(failure);
        this.note(first ?? failure.code);
        for (const line of more)
            this.say(`          ${line}`);
        this.hint(failure.hint);
    }
    #clearTransient() {
        if (!this.#transient)
            return;
        this.#err.write('\r\u001b[2K');
        this.#transient = false;
    }
    /** Done with a progress line. */
    endProgress() {
        this.#clearTransient();
    }
    #colours(stream) {
        const { NO_COLOR: never, FORCE_COLOR: always, TERM: term } = this.#env;
        if (never !== undefined && never !== '')
            return noColours;
        if (always !== undefined && always !== '0')
            return colours;
        return stream.isTTY === true && term !== 'dumb' ? colours : noColours;
    }
}
/** A terminal that does not know its size says 0. */
const positive = (size) => (size === undefined || size <= 0 ? undefined : size);
const linesOf = (failure) => failure.message.split('\n');
