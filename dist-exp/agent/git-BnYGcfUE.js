import { t as Failure } from "./failures-D0yUokPr.js";
import { a as oneLine, d as usernameAt, f as redact, l as schemeOf, m as parsePlace, r as failureText, u as unixTime } from "./main-DvN6nTMb.js";
// dist/helpers/git.js
const git = {
	async run({ args, stdin }, ports) {
		const operation = args.at(-1);
		const attributes = parse(stdin);
		const place = placeOf(attributes);
		if (place === void 0) return {};
		switch (operation) {
			case "get": return get(place, attributes, args.length > 1 ? args[0] : void 0, ports);
			case "store":
				if (args.length === 1) await store(place, attributes, ports);
				return {};
			case "erase": {
				const value = secretOf(attributes);
				await (value === void 0 ? ports.forget(place) : ports.refused(place, value));
				return {};
			}
			default: return {};
		}
	},
	fail(failure, { args }) {
		return {
			...args.at(-1) === "get" ? { stdout: "quit=1\n" } : {},
			stderr: failureText(failure),
			exit: failure.exitCode
		};
	},
	isBatch: ({ env }) => /^(0|false|no|off)$/i.test(env["GIT_TERMINAL_PROMPT"] ?? "")
};
async function get(place, attributes, profile, ports) {
	const credential = profile === void 0 ? await ports.at(place) : await ports.named(profile);
	if (credential === void 0) return {};
	const lines = takesBearerOnly(attributes) ? bearer(credential, attributes) : basic(credential, place);
	const { expiresAt } = credential;
	const expiry = expiresAt === void 0 ? [] : [`password_expiry_utc=${unixTime(expiresAt)}`];
	return { stdout: [
		...lines,
		...expiry,
		""
	].join("\n") };
}
function basic(credential, place) {
	const [username, password] = [usernameAt(credential, place), credential.value.reveal()];
	return [`username=${oneLine(username)}`, `password=${oneLine(password)}`];
}
function bearer({ value, tokenType }, { many }) {
	if (many.get("capability")?.includes("authtype") !== true) throw new Failure("unsupported_by_server", "this server takes Bearer tokens only, and this git cannot send them", { hint: "git 2.46 or newer can" });
	return [
		"capability[]=authtype",
		`authtype=${schemeOf(tokenType)}`,
		`credential=${oneLine(value.reveal())}`,
		"ephemeral=1"
	];
}
/** What the 401 offered; without it (an old git, or `git credential fill`) Basic is what every host takes. */
function takesBearerOnly({ many }) {
	const schemes = new Set(many.get("wwwauth")?.map((challenge) => challenge.trim().split(/[\s,]/)[0]?.toLowerCase()));
	return schemes.has("bearer") && !schemes.has("basic");
}
async function store(place, attributes, ports) {
	const value = secretOf(attributes);
	if (value === void 0 || attributes.one.get("ephemeral") === "1") return;
	const expiry = Number(attributes.one.get("password_expiry_utc"));
	await ports.keep(place, redact(value), Number.isFinite(expiry) && expiry > 0 ? expiry * 1e3 : void 0);
}
const secretOf = ({ one }) => one.get("password") ?? one.get("credential");
/** Only a line feed ends a line: a carriage return is part of the value. */
function parse(stdin) {
	const one = /* @__PURE__ */ new Map();
	const many = /* @__PURE__ */ new Map();
	for (const line of stdin.split("\n")) {
		if (line === "") break;
		const mark = line.indexOf("=");
		if (mark < 0) throw new Failure("bad_request", "a line without = is not an attribute of git");
		const [key, value] = [line.slice(0, mark), line.slice(mark + 1)];
		if (!key.endsWith("[]")) one.set(key, value);
		else many.set(key.slice(0, -2), value === "" ? [] : [...many.get(key.slice(0, -2)) ?? [], value]);
	}
	return {
		one,
		many
	};
}
function placeOf({ one }) {
	const [protocol, host, path, username] = [
		one.get("protocol"),
		one.get("host"),
		one.get("path"),
		one.get("username")
	];
	const url = one.get("url");
	const isHost = host !== void 0 && /^[^\s/\\@?#%]+$/.test(host);
	const encoded = (path ?? "").split("/").map(encodeURIComponent).join("/");
	const text = url ?? (protocol === void 0 || !isHost ? void 0 : `${protocol}://${host}/${encoded}`);
	const place = text === void 0 ? void 0 : parsePlace(text);
	return place === void 0 || username === void 0 ? place : {
		...place,
		username
	};
}
export { git };
