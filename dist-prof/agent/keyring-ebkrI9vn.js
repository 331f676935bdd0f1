import { a as oneLine, d as usernameAt, i as jsonLine, m as parsePlace } from "./main-DvN6nTMb.js";
import { parseArgs } from "node:util";
// dist/helpers/keyring.js
const passOn = { next: "pass_on" };
const known = {
	mode: { type: "string" },
	output: { type: "string" },
	"keyring-path": {
		type: "string",
		short: "p"
	},
	"keyring-backend": {
		type: "string",
		short: "b"
	}
};
const keyring = { async run({ args }, ports) {
	const call = parse(args);
	if (call === void 0) return passOn;
	const { service, username, mode, output } = call;
	const named = parsePlace(service);
	const place = named === void 0 ? void 0 : {
		scheme: "keyring",
		...named,
		...username === void 0 ? {} : { username }
	};
	const credential = place === void 0 ? void 0 : await ports.at(place);
	if (place === void 0 || credential === void 0) return passOn;
	const secret = credential.value.reveal();
	const name = usernameAt(credential, place);
	if (mode !== "creds") return { stdout: output === "json" ? jsonLine({ password: secret }) : `${oneLine(secret)}\n` };
	return { stdout: output === "json" ? jsonLine({
		username: name,
		password: secret
	}) : `${oneLine(name)}\n${oneLine(secret)}\n` };
} };
/** A `get`, with its options in any position; undefined for whatever else keyring can be asked. */
function parse(args) {
	try {
		const { values, positionals } = parseArgs({
			args: [...args],
			options: known,
			allowPositionals: true,
			strict: true
		});
		const [operation, service, username, ...rest] = positionals;
		if (operation !== "get" || service === void 0 || rest.length > 0 || values["keyring-backend"] !== void 0) return void 0;
		return {
			service,
			username: username === "" ? void 0 : username,
			mode: values.mode,
			output: values.output
		};
	} catch {
		return;
	}
}
export { keyring };
