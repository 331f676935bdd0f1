import { t as Failure } from "./failures-D0yUokPr.js";
import { i as jsonLine, m as parsePlace, o as options, t as authorization } from "./main-DvN6nTMb.js";
// dist/helpers/claude.js
const claude = { async run({ args, env }, ports) {
	const { name, target, minTtl } = options(args);
	const server = env["CLAUDE_CODE_MCP_SERVER_URL"];
	if (server === void 0) return { stdout: `${(await ports.named(name, target, minTtl)).value.reveal()}\n` };
	const credential = name === void 0 ? await routed(server, ports) : await ports.named(name, target, minTtl);
	return { stdout: jsonLine({ Authorization: authorization(credential) }) };
} };
async function routed(server, ports) {
	const place = parsePlace(server);
	const credential = place === void 0 ? void 0 : await ports.at(place);
	if (credential !== void 0) return credential;
	throw new Failure("not_found", `no route covers ${server}`, { hint: `\`authsock route add ${server} --profile PROFILE\`` });
}
export { claude };
