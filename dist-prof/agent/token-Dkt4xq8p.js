import { t as Failure } from "./failures-D0yUokPr.js";
import { i as jsonLine, l as schemeOf, m as parsePlace, o as options, t as authorization, u as unixTime } from "./main-DvN6nTMb.js";
// dist/helpers/token.js
/** `[NAME] [--scope S] [--resource R] [--audience A] [--min-ttl N] [--header] [--json]` */
const token = { async run({ args }, ports) {
	const { name, target, minTtl, flags } = options(args, {
		header: "flag",
		json: "flag"
	});
	const credential = await ports.named(name, target, minTtl);
	if (flags.has("json")) return { stdout: jsonLine(describe(credential, ports.now())) };
	return { stdout: `${flags.has("header") ? `Authorization: ${authorization(credential)}` : credential.value.reveal()}\n` };
} };
const header = { run: (request, ports) => token.run({
	...request,
	args: ["--header", ...request.args]
}, ports) };
/** `NAME-OR-URL`: of a static secret, or whatever a route says of a place. */
const password = { async run({ args }, ports) {
	const { name } = options(args);
	if (name === void 0) throw new Failure("bad_request", "a URL, or the name of a secret, is needed");
	return { stdout: `${(await find(name, ports)).value.reveal()}\n` };
} };
async function find(name, ports) {
	if (!/[/:]/.test(name)) return ports.named(name);
	const place = parsePlace(name);
	const found = place === void 0 ? void 0 : await ports.at(place);
	if (found !== void 0) return found;
	throw new Failure("not_found", `no route and no secret covers ${name}`, { hint: "`authsock route add` or `authsock secret add`" });
}
/** As `authsock token --json`. */
function describe(credential, now) {
	const { value, tokenType, expiresAt, from, scope, target } = credential;
	return {
		...from.kind === "profile" ? { profile: from.profile } : { secret: from.secret },
		access_token: value.reveal(),
		token_type: from.kind === "profile" ? tokenType ?? schemeOf(tokenType) : "static",
		...expiresAt === void 0 ? {} : {
			expires_at: unixTime(expiresAt),
			expires_in: Math.max(0, Math.floor((expiresAt - now) / 1e3))
		},
		...scope === void 0 ? {} : { scope: scope.join(" ") },
		...target?.resource === void 0 ? {} : { resource: target.resource },
		...target?.audience === void 0 ? {} : { audience: target.audience }
	};
}
export { header, password, token };
