import { r as exitCodes } from "./failures-D0yUokPr.js";
import { t as Log } from "./log-CSR3CrGU.js";
import { parseArgs } from "node:util";
// dist/agent/command.js
const help = `Usage: authsock agent [options]

Runs the agent in the foreground. Other commands start one in the background when
none is running, so this is for service managers and for looking at what it does.

Options:
  --log LEVEL              quiet, info (default) or debug, on stderr
  --master-key-fd N        read the vault's master key from descriptor N
  --master-key-file PATH   keep it in this file (also: AUTHSOCK_MASTER_KEY_FILE)
  -h, --help               show this

It listens at $AUTHSOCK, else in $XDG_RUNTIME_DIR/authsock. \`authsock stop\` ends it.
`;
async function main(args) {
	try {
		const { values } = parseArgs({
			args: args.slice(1),
			options: {
				log: {
					type: "string",
					default: "info"
				},
				"master-key-fd": { type: "string" },
				"master-key-file": { type: "string" },
				help: {
					type: "boolean",
					short: "h",
					default: false
				}
			}
		});
		if (values.help) {
			process.stdout.write(help);
			return exitCodes.ok;
		}
		const fd = values["master-key-fd"];
		const file = values["master-key-file"];
		const { runAgent } = await import("./main-DvN6nTMb.js");
		return await runAgent({
			log: levelOf(values.log),
			...fd === void 0 ? {} : { masterKeyFd: descriptor(fd) },
			...file === void 0 ? {} : { masterKeyFile: file }
		});
	} catch (error) {
		const log = new Log("quiet");
		log.error(error.message);
		log.error("hint: `authsock agent --help`");
		return exitCodes.usage;
	}
}
function levelOf(text) {
	if (text === "quiet" || text === "info" || text === "debug") return text;
	throw new Error(`--log is '${text}', not quiet, info or debug`);
}
function descriptor(text) {
	if (!/^\d{1,6}$/.test(text)) throw new Error(`--master-key-fd is '${text}', not a number`);
	return Number(text);
}
export { main };
