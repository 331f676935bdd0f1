// What the agent says of itself on stderr: a line an event, never a token. It is the agent's only way to a terminal.
import { writeSync } from 'node:fs';
const ranks = { quiet: 0, info: 1, debug: 2 };
export class Log {
    #rank;
    constructor(level) {
        this.#rank = ranks[level];
    }
    /** Always shown. */
    error(text) {
        write(text);
    }
    info(text) {
        if (this.#rank >= ranks.info)
            write(text);
    }
    debug(text) {
        if (this.#rank >= ranks.debug)
            write(text);
    }
}
function write(text) {
    try {
        writeSync(2, `authsock: ${text}\n`);
    }
    catch {
        // The terminal may be gone; the agent goes on.
    }
}
