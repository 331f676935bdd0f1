// What every command is given: the terminal, the environment, and the agent when it asks for it.
import { connect } from '../client/index.js';
import { exitCodes } from '../core/failures.js';
const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'];
export class Context {
    terminal;
    env;
    /** `--json` was given. */
    asJson = false;
    /** What follows `--` in the arguments of `exec`. */
    command = [];
    /** Of a command that has done its work. */
    exitCode = exitCodes.ok;
    #interrupted = new AbortController();
    #client;
    constructor(terminal, env) {
        this.terminal = terminal;
        this.env = env;
    }
    /** Ctrl-C. */
    get signal() {
        return this.#interrupted.signal;
    }
    /** The agent, which is started where none runs. */
    async agent({ start = true } = {}) {
        this.#client ??= await connect({ env: this.env, start });
        return this.#client;
    }
    /** A client that looks on and starts nothing: an agent that was stopped stays stopped. */
    async onlooker() {
        await (await this.agent()).status();
        this.#client = await connect({ env: this.env, start: false });
        return this.#client;
    }
    /** For commands that can end what they wait for: the first Ctrl-C (or SIGTERM) is theirs, the second ends the program. */
    catchInterrupt() {
        const interrupt = () => {
            for (const name of ends)
                process.off(name, interrupt);
            this.#interrupted.abort();
        };
        for (const name of ends)
            process.on(name, interrupt);
    }
    close() {
        this.#client?.close();
    }
}
