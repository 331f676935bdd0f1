import { writeSync } from "node:fs";
// dist/agent/log.js
const ranks = {
	quiet: 0,
	info: 1,
	debug: 2
};
var Log = class {
	#rank;
	constructor(level) {
		this.#rank = ranks[level];
	}
	/** Always shown. */
	error(text) {
		write(text);
	}
	info(text) {
		if (this.#rank >= ranks.info) write(text);
	}
	debug(text) {
		if (this.#rank >= ranks.debug) write(text);
	}
};
function write(text) {
	try {
		writeSync(2, `authsock: ${text}\n`);
	} catch {}
}
export { Log as t };
