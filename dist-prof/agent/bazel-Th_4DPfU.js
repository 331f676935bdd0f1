import { t as Failure } from "./failures-D0yUokPr.js";
import { c as rfc3339, i as jsonLine, m as parsePlace, s as parseJson, t as authorization } from "./main-DvN6nTMb.js";
// dist/helpers/bazel.js
const bazel = { async run({ args, stdin }, ports) {
	if (args.at(-1) !== "get") throw new Failure("bad_request", `'${args.join(" ")}' is not get`);
	const { uri } = parseJson(stdin, "the request");
	const place = typeof uri === "string" ? parsePlace(uri) : void 0;
	if (place === void 0) throw new Failure("bad_request", "'uri' is missing or has no host");
	const credential = await ports.at(place);
	if (credential === void 0) return { stdout: "{}\n" };
	const { expiresAt } = credential;
	return { stdout: jsonLine({
		headers: { Authorization: [authorization(credential)] },
		...expiresAt === void 0 ? {} : { expires: rfc3339(expiresAt) }
	}) };
} };
export { bazel };
