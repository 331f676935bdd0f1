import { t as Failure } from "./failures-D0yUokPr.js";
import { f as redact, i as jsonLine, m as parsePlace, s as parseJson } from "./main-DvN6nTMb.js";
// dist/helpers/terraform.js
const terraform = { async run({ args, stdin }, ports) {
	const [operation, host = ""] = args.slice(-2);
	const place = parsePlace(host.includes("://") ? host : `https://${host}`);
	if (place === void 0) throw new Failure("bad_request", `'${host}' is not a host`);
	switch (operation) {
		case "get": {
			const credential = await ports.at(place);
			return { stdout: jsonLine(credential === void 0 ? {} : { token: credential.value.reveal() }) };
		}
		case "store": {
			const { token } = parseJson(stdin, "what is to be stored");
			if (typeof token !== "string" || token === "") throw new Failure("bad_request", "only a 'token' can be stored");
			await ports.keep(place, redact(token));
			return {};
		}
		case "forget":
			await ports.forget(place);
			return {};
		default: throw new Failure("bad_request", `'${args.join(" ")}' is none of get, store, forget HOST`);
	}
} };
export { terraform };
