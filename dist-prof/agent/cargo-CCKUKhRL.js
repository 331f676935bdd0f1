import { n as asFailure, t as Failure } from "./failures-D0yUokPr.js";
import { f as redact, i as jsonLine, l as schemeOf, m as parsePlace, n as failureLine, s as parseJson, u as unixTime } from "./main-DvN6nTMb.js";
// dist/helpers/cargo.js
const answer = (value) => ({
	stdout: jsonLine(value),
	next: "more"
});
const ok = (value) => answer({ Ok: value });
const err = (kind, more = {}) => answer({ Err: {
	kind,
	...more
} });
const other = (failure) => err("other", {
	message: failureLine(failure),
	"caused-by": []
});
const cargo = {
	async run({ stdin }, ports) {
		if (stdin === "") return answer({ v: [1] });
		const request = parseJson(stdin, "cargo's request");
		const url = request["registry"]?.["index-url"];
		const place = typeof url === "string" ? parsePlace(url) : void 0;
		if (request["v"] !== 1) throw new Failure("bad_request", `cargo speaks version ${String(request["v"])} of its protocol, not 1`);
		if (place === void 0) return err("url-not-supported");
		switch (request["kind"]) {
			case "get": return get(place, ports);
			case "login": return logIn(place, request["token"], ports);
			case "logout":
				await ports.forget(place);
				return ok({ kind: "logout" });
			default: return err("operation-not-supported");
		}
	},
	fail: other
};
async function get(place, ports) {
	const credential = await ports.at(place);
	if (credential === void 0) return err("not-found");
	const { value, tokenType, expiresAt, from } = credential;
	const token = from.kind === "profile" ? `${schemeOf(tokenType)} ${value.reveal()}` : value.reveal();
	const cache = expiresAt === void 0 ? { cache: "session" } : {
		cache: "expires",
		expiration: unixTime(expiresAt)
	};
	return ok({
		kind: "get",
		token,
		...cache,
		operation_independent: true
	});
}
async function logIn(place, token, ports) {
	if (typeof token === "string" && token !== "") {
		await ports.keep(place, redact(token));
		return ok({ kind: "login" });
	}
	try {
		if (await ports.at(place) !== void 0) return ok({ kind: "login" });
	} catch (error) {
		return other(asFailure(error));
	}
	return other(new Failure("not_found", "no token was given, and no route covers this registry", { hint: "`cargo login` with a token on stdin, or `authsock route add`" }));
}
export { cargo };
