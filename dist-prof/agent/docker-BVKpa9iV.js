import { d as usernameAt, f as redact, h as placeText, i as jsonLine, m as parsePlace, n as failureLine, s as parseJson } from "./main-DvN6nTMb.js";
import { t as Failure } from "./failures-D0yUokPr.js";
// dist/helpers/docker.js
/** Clients compare it with this very text. */
const notFound = {
	stdout: "credentials not found in native keychain\n",
	exit: 1
};
const hub = "https://index.docker.io/v1/";
const isHub = ({ host }) => host === "index.docker.io";
/**
* What is listed the classic builder asks for, all of it, and sends to its daemon, wherever that runs. Registries are named without
* a scheme; what has one (git's https:// ...) has been meant for something else.
*/
const isRegistry = (place) => place.scheme === void 0 || isHub(place);
const keyOf = (place) => isHub(place) ? hub : placeText(place);
const docker = {
	async run({ args, stdin }, ports) {
		switch (args.at(-1)) {
			case "get": return get(stdin.trim(), ports);
			case "store":
				await store(stdin, ports);
				return {};
			case "erase": {
				const place = parsePlace(stdin.trim());
				if (place !== void 0) await ports.forget(place);
				return {};
			}
			case "list": {
				const entries = (await ports.places()).filter(({ place }) => isRegistry(place)).map(({ place, username }) => [keyOf(place), username]);
				return { stdout: jsonLine(Object.fromEntries(entries)) };
			}
			default: throw new Failure("bad_request", `'${args.join(" ")}' is none of get, store, erase, list`);
		}
	},
	fail: (failure) => ({
		stdout: `${failureLine(failure)}\n`,
		exit: 1
	})
};
async function get(key, ports) {
	const place = parsePlace(key);
	const credential = place === void 0 ? void 0 : await ports.at(place);
	if (place === void 0 || credential === void 0) return notFound;
	return { stdout: jsonLine({
		ServerURL: key,
		Username: usernameAt(credential, place),
		Secret: credential.value.reveal()
	}) };
}
async function store(stdin, ports) {
	const { ServerURL: url, Username: username, Secret: secret } = parseJson(stdin, "what is to be stored");
	const place = typeof url === "string" ? parsePlace(url) : void 0;
	if (place === void 0 || typeof secret !== "string" || secret === "") throw new Failure("bad_request", "ServerURL and Secret are needed");
	await ports.keep({
		...place,
		...typeof username === "string" && username !== "" ? { username } : {}
	}, redact(secret));
}
export { docker };
