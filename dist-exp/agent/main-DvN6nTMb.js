import { n as asFailure, r as exitCodes, t as Failure } from "./failures-D0yUokPr.js";
import { t as Log } from "./log-CSR3CrGU.js";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { accessSync, chmodSync, closeSync, constants, existsSync, fchmodSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, renameSync, rmSync, rmdirSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { createCipheriv, createDecipheriv, createHash, hash, hkdfSync, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { chmod, copyFile, link, lstat, mkdir, open, readFile, readdir, realpath, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { once } from "node:events";
import { setTimeout as setTimeout$1 } from "node:timers/promises";
import { Socket, createServer } from "node:net";
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
// dist/core/plain.js
/** Controls, line ends, bidi and other invisible formatting, private and unassigned characters, spaces and fillers that look like nothing. */
const deceptive = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|(?! )\p{Zs}|\p{M}{4,}/gu;
const longest$1 = 160;
/** On one line, of a length that leaves room for the rest. */
function plain(text, most = longest$1) {
	const seen = text.replaceAll(deceptive, "�");
	const letters = Array.from(seen);
	return letters.length <= most ? seen : [
		...letters.slice(0, most / 2),
		"…",
		...letters.slice(-most / 2)
	].join("");
}
/** In quotes where it is more than a word. */
function plainName(text) {
	const name = plain(text);
	return /^[\p{L}\p{M}\p{N}._+@:/*~%=?&-]+$/u.test(name) ? name : `"${name.replaceAll("\"", "'")}"`;
}
// dist/core/caller.js
/** Who cannot be looked at. */
const unknownCaller = {
	parents: [],
	isKnown: false
};
/**
* The parents of a process of Windows, the nearest first. There a child keeps the pid of a parent that has ended, and the pid is soon
* another's: who is younger than its child is no parent.
*/
function ancestors(child, find) {
	const parents = [];
	for (let at = child; parents.length < 16;) {
		const parent = at.parent === 0 ? void 0 : find(at.parent);
		if (parent === void 0 || parent.created > at.created || parent.pid === at.pid) break;
		parents.push({
			pid: parent.pid,
			...parent.executable === void 0 ? {} : { executable: parent.executable }
		});
		at = parent;
	}
	return parents;
}
/** Whether it is one of Windows, where the case of letters does not count. */
const isWindowsPath = (path) => /^([A-Za-z]:)?\\/.test(path);
/** Of a program: what is asked for must stay in sight. */
const longestName$1 = 48;
const nameOf = (path) => path.slice(path.lastIndexOf(isWindowsPath(path) ? "\\" : "/") + 1);
/** For people: `git-remote-https (pid 123) of make, in container 0123456789ab, by share devbox`. */
function callerText({ caller, door }) {
	const { executable, pid, parents, container } = caller;
	const program = executable === void 0 ? "an unknown program" : plainName(plain(nameOf(executable), longestName$1));
	const number = pid === void 0 ? "" : ` (pid ${pid})`;
	const parent = parents.find((each) => each.executable !== void 0 && each.executable !== executable)?.executable;
	return `${program}${number}${parent === void 0 ? "" : ` of ${plainName(plain(nameOf(parent), longestName$1))}`}${container === void 0 ? "" : `, in container${container.id === void 0 ? "" : ` ${container.id.slice(0, 12)}`}`}${door.kind === "main" ? "" : `, by share ${door.share}${door.transport === "tcp" ? " over TCP" : ""}`}`;
}
// dist/core/scope.js
/** `"b a a"` -> `["a", "b"]`. */
const parseScope = (text) => normalScope(text.split(" "));
const normalScope = (scopes) => [...new Set(scopes)].filter((s) => s !== "").sort();
const sameScope = (a, b) => a === void 0 || b === void 0 ? a === b : a.length === b.length && a.every((scope, index) => scope === b[index]);
const sameTarget = (a, b) => a.resource === b.resource && a.audience === b.audience && sameScope(a.scope, b.scope);
/** What of `wanted` is not in `allowed`. */
const beyond = (wanted, allowed) => wanted.filter((scope) => !allowed.includes(scope));
const list = (scopes) => scopes.map((scope) => `'${scope}'`).join(", ");
/**
* P14: a caller gets at most its profile's scopes. A profile without a list allows what the session was granted.
* Throws scope_not_allowed, or scope_not_granted where only a new login can help; no request to the server is spent.
*/
function checkScope(profile, record, target) {
	if (target.scope === void 0) return;
	if (profile.scopes.length > 0) {
		const extra = beyond(target.scope, profile.scopes);
		if (extra.length > 0) throw new Failure("scope_not_allowed", `profile '${profile.name}' does not allow ${list(extra)}, only ${list(profile.scopes)}`, { profile: profile.name });
	}
	const missing = beyond(target.scope, record.scope);
	if (missing.length > 0) throw new Failure("scope_not_granted", `the login of '${profile.name}' was not granted ${list(missing)}`, { profile: profile.name });
}
// dist/config/providers.js
/** Where refresh tokens are not taken out of use by a refresh. */
const noEnd = 31536e4;
const providers$1 = [
	{
		issuer: /^https:\/\/accounts\.google\.com$/,
		scopes: [
			"email",
			"openid",
			"profile"
		],
		authorizationParameters: {
			access_type: "offline",
			prompt: "consent"
		},
		refreshGrace: noEnd
	},
	{
		issuer: /^https:\/\/github\.com$/,
		scopes: [],
		endpoints: {
			token: "https://github.com/login/oauth/access_token",
			authorization: "https://github.com/login/oauth/authorize",
			deviceAuthorization: "https://github.com/login/device/code"
		}
	},
	{
		issuer: /^https:\/\/login\.microsoftonline\.com\//,
		authorizationParameters: { prompt: "select_account" },
		refreshGrace: noEnd
	},
	{
		issuer: /^https:\/\/auth\.atlassian\.com$/,
		refreshGrace: 600
	},
	{
		issuer: /^https:\/\/gitlab\.com$/,
		scopes: ["openid"]
	}
];
const providerOf = (issuer) => providers$1.find((provider) => provider.issuer.test(issuer));
// dist/config/rules.js
const checkRules = (rules) => rules.flatMap((rule, index) => [...problems(rule)].map(([key, text]) => ({
	path: [
		"rule",
		index,
		key
	],
	text
})));
function* problems({ decision, executable, container, lifetime }) {
	if (executable !== void 0 && !/^(\/|\*|[A-Za-z]:\\)/.test(executable)) yield ["executable", `'executable' is '${executable}', not an absolute path or a pattern`];
	if (container !== void 0 && !/^(any|none|[0-9a-f]{12,64})$/.test(container)) yield ["container", `'container' is '${container}', not any, none, or 12 and more digits of an id`];
	if (lifetime !== void 0 && decision !== "ask") yield ["lifetime", `'lifetime' is of no meaning where nobody is asked`];
}
const toRule = ({ decision, scopes, ...rest }) => ({
	verdict: decision,
	...rest,
	...scopes === void 0 ? {} : { scopes: normalScope(scopes) }
});
// dist/core/profile.js
const grants = [
	"authorization_code",
	"device_code",
	"client_credentials"
];
/** Lower case, so that two profiles never meet in one file on a case-insensitive disk. */
const profileNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const isProfileName = (name) => profileNamePattern.test(name);
// dist/core/place.js
const defaultPorts = {
	https: "443",
	http: "80"
};
/** Cargo and pip write what kind of thing lies behind a URL in front of its scheme. */
const kinds = /^(sparse|registry|index|git|hg|svn|bzr)\+(?=https?:)/i;
/** What stands before a host that begins with `*.`. */
const beforeWildcard = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*@)?(?=\*\.[^/?#@]*([/?#]|$))/i;
/** `https://host:1/a/b`, `host:1/a`, `host`; undefined where no host can be read from it. The user name in it, if any, counts. */
function parsePlace(text) {
	const plain = text.trim().replace(kinds, "");
	const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(plain);
	const wildcard = beforeWildcard.exec(plain)?.[0];
	const named = wildcard === void 0 ? plain : wildcard + plain.slice(wildcard.length + 2);
	const url = URL.parse(hasScheme ? named.replace(/^[^:]+/, "http") : `http://${named}`);
	if (url === null || url.hostname === "" || /[\s\\\p{Cc}]/u.test(plain) || authorityOf(plain, hasScheme) === "") return void 0;
	const scheme = hasScheme ? (/^[^:]+/.exec(plain)?.[0] ?? "").toLowerCase() : void 0;
	const port = url.port !== "" ? url.port : /:0*80$/.test(authorityOf(plain, hasScheme)) ? "80" : void 0;
	return {
		...scheme === void 0 ? {} : { scheme },
		host: (wildcard === void 0 ? "" : "*.") + url.hostname.toLowerCase().replace(/\.$/, ""),
		...port === void 0 || scheme !== void 0 && port === defaultPorts[scheme] ? {} : { port },
		segments: url.pathname.split("/").filter((segment) => segment !== "").map(decoded),
		...url.username === "" ? {} : { username: decoded(url.username) }
	};
}
const authorityOf = (plain, hasScheme) => (hasScheme ? plain.slice(plain.indexOf("://") + 3) : plain).replace(/[/?#].*$/s, "");
function decoded(segment) {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}
/** As people write it. */
function placeText({ scheme, host, port, segments, username }) {
	const user = username === void 0 ? "" : `${encodeURIComponent(username)}@`;
	const path = segments.map((segment) => `/${encodeURIComponent(segment).replaceAll("%40", "@").replaceAll("%3A", ":")}`).join("");
	return `${scheme === void 0 ? "" : `${scheme}://`}${user}${host}${port === void 0 ? "" : `:${port}`}${path}`;
}
/** Of a pattern: what a request names is one host. */
const isPattern = ({ host }) => host.includes("*");
const isLoopbackHost = (host) => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);
/** Whether what is meant for `pattern` may be used at `place`. */
function covers(pattern, place) {
	if (!coversScheme(pattern, place) || !coversHost(pattern.host, place.host) || port(pattern, place) !== port(place, pattern)) return false;
	if (pattern.username !== void 0 && place.username !== void 0 && pattern.username !== place.username) return false;
	return pattern.segments.every((segment, index) => {
		const other = place.segments[index];
		return segment === other || index === pattern.segments.length - 1 && `${segment}.git` === other;
	});
}
/** Where one side names no scheme, anything fits but plain http to another machine: that has to be asked for by name. */
function coversScheme(pattern, place) {
	if (pattern.scheme !== void 0 && place.scheme !== void 0) return pattern.scheme === place.scheme;
	return pattern.scheme !== void 0 || place.scheme !== "http" || isLoopbackHost(place.host);
}
const coversHost = (pattern, host) => pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : pattern === host;
const port = (place, other) => place.port ?? defaultPorts[place.scheme ?? other.scheme ?? "https"] ?? "default";
/** Without the user name. */
function bare$2({ scheme, host, port, segments }) {
	return {
		host,
		segments,
		...scheme === void 0 ? {} : { scheme },
		...port === void 0 ? {} : { port }
	};
}
/** Negative where `a` says more than `b`: the host first, then the path, the user name, the scheme. */
function bySpecificity(a, b) {
	for (const measure of [
		hostLength,
		pathLength,
		hasUsername,
		hasScheme
	]) {
		const difference = measure(b) - measure(a);
		if (difference !== 0) return difference;
	}
	return 0;
}
/** A host named in full says more than any pattern. */
const hostLength = ({ host }) => host.startsWith("*.") ? host.length : 1e3;
const pathLength = ({ segments }) => segments.length;
const hasUsername = ({ username }) => username === void 0 ? 0 : 1;
const hasScheme = ({ scheme }) => scheme === void 0 ? 0 : 1;
/** Of those that cover the place, the one that says most about it. */
function longestMatch(place, candidates, placeOf) {
	return [...candidates].filter((candidate) => covers(placeOf(candidate), place)).sort((a, b) => bySpecificity(placeOf(a), placeOf(b)))[0];
}
// dist/core/words.js
/** The candidate that is at most two typing errors away. */
const closest = (word, candidates) => [...candidates].map((each) => [distance(word, each), each]).sort(([a], [b]) => a - b).find(([far]) => far <= 2)?.[1];
/** Levenshtein's. */
function distance(a, b) {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
// dist/config/routes.js
function checkRoutes(routes, profiles) {
	const seen = /* @__PURE__ */ new Map();
	return routes.flatMap((route, index) => {
		const complaints = checkRoute(route, profiles).map(({ key, text }) => ({
			path: key === void 0 ? ["route", index] : [
				"route",
				index,
				key
			],
			text
		}));
		const place = placeOf(route);
		if (place === void 0) return complaints;
		const key = placeText(place);
		const before = seen.get(key);
		seen.set(key, index);
		const same = {
			path: [
				"route",
				index,
				"url"
			],
			text: `'${key}' has a route already: its ${ordinal(before)} one; remove one of them`
		};
		return before === void 0 ? complaints : [...complaints, same];
	});
}
const ordinal = (index = 0) => [
	"first",
	"second",
	"third"
][index] ?? `${index + 1}th`;
function* checkRouteParts(route, profiles) {
	const place = parsePlace(route.url);
	if (place === void 0) yield {
		key: "url",
		text: `'url' is '${route.url}': no host can be read from it`
	};
	else if (/:\/\/[^/@]*:[^/@]*@/.test(route.url)) yield {
		key: "url",
		text: "'url' holds a password"
	};
	else if (place.host === "*." || place.host.slice(1).includes("*")) yield {
		key: "url",
		text: "'*' stands for the first part of a host only: '*.example.com'"
	};
	else if (place.username !== void 0 && route.username !== void 0 && place.username !== route.username) yield {
		key: "username",
		text: `'username' is '${route.username}', and 'url' says '${place.username}'`
	};
	if (route.profile === void 0 === (route.secret === void 0)) yield { text: "a route leads either to a 'profile' or to a 'secret'" };
	if (route.profile !== void 0 && !profiles.includes(route.profile)) {
		const close = closest(route.profile, profiles);
		const advice = close === void 0 ? "" : `; did you mean '${close}'?`;
		yield {
			key: "profile",
			text: `'profile' is '${route.profile}', and there is no such profile${advice}`
		};
	}
	if (route.secret !== void 0 && !isProfileName(route.secret)) yield {
		key: "secret",
		text: "'secret' is the name of one that is in the vault (authsock secret add): lower-case letters, digits, '.', '_' and '-'"
	};
	if (route.secret !== void 0) {
		for (const key of [
			"scopes",
			"resource",
			"audience"
		]) if (route[key] !== void 0) yield {
			key,
			text: `'${key}' is of no meaning for a secret`
		};
	}
	if (route.resource !== void 0 && (!URL.canParse(route.resource) || route.resource.includes("#"))) yield {
		key: "resource",
		text: "'resource' is not an absolute URI without a fragment"
	};
}
const checkRoute = (route, profiles) => [...checkRouteParts(route, profiles)];
function placeOf({ url, username }) {
	const place = parsePlace(url);
	if (place === void 0 || username === void 0) return place;
	return {
		...place,
		username
	};
}
/** Of a table that was checked. */
function toRoute(table) {
	const { profile, secret, scopes, resource, audience } = table;
	const place = placeOf(table);
	if (place === void 0) throw new TypeError(`no place in '${table.url}'`);
	return {
		place,
		to: secret !== void 0 ? {
			kind: "secret",
			secret
		} : {
			kind: "profile",
			profile: profile ?? "",
			target: {
				...scopes === void 0 ? {} : { scope: normalScope(scopes) },
				...resource === void 0 ? {} : { resource },
				...audience === void 0 ? {} : { audience }
			}
		},
		...place.username === void 0 ? {} : { username: place.username }
	};
}
// dist/config/toml.js
/** Undefined where it is not TOML: parseToml then says why. */
async function tomlValue(text) {
	const { parse } = await import("smol-toml");
	try {
		return parse(text);
	} catch {
		return;
	}
}
/** Throws config_invalid. */
async function parseToml(text, file) {
	const { getStaticTOMLValue, parseTOML } = await import("toml-eslint-parser");
	try {
		const ast = parseTOML(text, { tomlVersion: "1.0" });
		let positions;
		return {
			text,
			ast,
			value: getStaticTOMLValue(ast),
			positionOf: (path) => nearest(positions ??= collectPositions(ast), path)
		};
	} catch (error) {
		const { lineNumber, column, message } = error;
		if (lineNumber === void 0) throw error;
		throw new Failure("config_invalid", `${file}:${lineNumber}:${(column ?? 0) + 1}: ${message}`);
	}
}
const keyOf$2 = (path) => JSON.stringify(path.map(String));
function nearest(positions, path) {
	for (let length = path.length; length > 0; length--) {
		const position = positions.get(keyOf$2(path.slice(0, length)));
		if (position !== void 0) return position;
	}
	return {
		line: 1,
		column: 1
	};
}
function collectPositions(ast) {
	const positions = /* @__PURE__ */ new Map();
	const note = (path, node) => {
		const key = keyOf$2(path);
		if (!positions.has(key)) positions.set(key, {
			line: node.loc.start.line,
			column: node.loc.start.column + 1
		});
	};
	const names = (key) => key.keys.map((each) => each.type === "TOMLBare" ? each.name : each.value);
	function keyValues(pairs, above) {
		for (const pair of pairs) {
			const path = [...above, ...names(pair.key)];
			for (let length = above.length + 1; length <= path.length; length++) note(path.slice(0, length), pair.key.keys[length - above.length - 1] ?? pair.key);
			content(pair.value, path);
		}
	}
	function content(node, path) {
		if (node.type === "TOMLInlineTable") keyValues(node.body, path);
		if (node.type !== "TOMLArray") return;
		for (const [index, element] of node.elements.entries()) {
			note([...path, index], element);
			content(element, [...path, index]);
		}
	}
	for (const node of ast.body[0].body) if (node.type === "TOMLKeyValue") keyValues([node], []);
	else {
		for (let length = 1; length <= node.resolvedKey.length; length++) note(node.resolvedKey.slice(0, length), node.key);
		keyValues(node.body, node.resolvedKey);
	}
	return positions;
}
// dist/config/validate.js
/** The same relative path from src/config and from dist/config. */
const schemaFile = new URL("../../protocol/config.schema.json", import.meta.url);
let schema;
/** What is wrong with the value of a document. */
async function validate(value) {
	const secrets = secretKeys(value, []);
	if (secrets.length > 0) return secrets;
	schema ??= readFile(schemaFile, "utf8").then((text) => JSON.parse(text));
	const { Validator } = await import("@cfworker/json-schema");
	const loaded = await schema;
	if (new Validator(loaded, "2020-12").validate(value).valid) return [];
	const { errors } = new Validator(loaded, "2020-12", false).validate(value);
	return explain(errors, loaded, value);
}
/** config_invalid, with a line for each complaint. */
function complain(document, file, complaints) {
	const lines = complaints.map(({ path, text }) => {
		const { line, column } = document.positionOf(path);
		return `${file}:${line}:${column}: ${text}`;
	});
	return new Failure("config_invalid", [...new Set(lines)].join("\n"));
}
/** A secret in a plain file is what authsock is there to end. */
function secretKeys(value, path) {
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => {
		const at = [...path, key];
		if (path.length === 2 && path[0] === "route" && key === "secret") return [];
		if (!/^(client_secret|secret|password|passphrase|refresh_token|access_token|token_secret)$/.test(key)) return secretKeys(inner, at);
		return [{
			path: at,
			text: `'${key}' does not belong here: authsock keeps secrets in its vault; 'authsock login' asks for a client secret`
		}];
	});
}
/** The validator reports each level; what counts are the deepest errors, in words. */
function explain(errors, schema, value) {
	const leaves = errors.filter(({ keyword }) => ![
		"properties",
		"additionalProperties",
		"$ref",
		"items",
		"propertyNames"
	].includes(keyword));
	const complaints = [...errors.filter(({ keyword }) => keyword === "additionalProperties" || keyword === "propertyNames"), ...leaves].flatMap((error) => describe$2(error, schema, value));
	return complaints.length > 0 ? complaints : [{
		path: [],
		text: errors[0]?.error ?? "not valid"
	}];
}
function describe$2(error, schema, root) {
	const path = pathOf(error.instanceLocation);
	const key = String(path.at(-1) ?? "the file");
	const at = schemaAt(schema, error.keywordLocation);
	switch (error.keyword) {
		case "additionalProperties": return unknownKeys(valueAt(root, path), path, at);
		case "propertyNames": return Object.keys(valueAt(root, path) ?? {}).filter((name) => !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)).map((name) => ({
			path: [...path, name],
			text: `'${name}' is not a profile name: it has lower-case letters, digits, '.', '_' and '-'`
		}));
		case "required": return at["required"].filter((name) => !Object.hasOwn(valueAt(root, path) ?? {}, name)).map((name) => ({
			path,
			text: `'${name}' is missing in '${path.join(".")}'`
		}));
		case "enum": return [{
			path,
			text: `'${key}' is ${JSON.stringify(valueAt(root, path))}, not one of ${at["enum"].join(", ")}`
		}];
		case "type": return [{
			path,
			text: `'${key}' is not ${article(String(at["type"]))}`
		}];
		case "pattern": return path.at(-1) === "redirect" ? [{
			path,
			text: `'redirect' is not of the form http://127.0.0.1:PORT/PATH or http://[::1]:PORT/PATH`
		}] : typeof path.at(-1) === "number" ? [{
			path,
			text: `${JSON.stringify(valueAt(root, path))} is not a scope: one without spaces an element`
		}] : [];
		case "uniqueItems": return [{
			path,
			text: `'${key}' names something twice`
		}];
		case "minimum": return [{
			path,
			text: `'${key}' is ${String(valueAt(root, path))}, less than ${String(at["minimum"])}`
		}];
		case "minLength": return [{
			path,
			text: `'${key}' is empty`
		}];
		default: return [];
	}
}
function unknownKeys(value, path, at) {
	if (at["additionalProperties"] !== false) return [];
	const known = Object.keys(at["properties"]);
	return Object.keys(value ?? {}).filter((key) => !known.includes(key)).map((key) => {
		const close = closest(key, known);
		const advice = close === void 0 ? `known are ${known.join(", ")}` : `did you mean '${close}'?`;
		return {
			path: [...path, key],
			text: `'${key}' is not known here: ${advice}`
		};
	});
}
const article = (type) => ({
	object: "a table",
	array: "a list",
	string: "a text in quotes",
	boolean: "true or false",
	integer: "a whole number"
})[type] ?? `of type ${type}`;
const pathOf = (pointer) => pointer.replace(/^#\/?/, "").split("/").filter((part) => part !== "").map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")).map((part) => /^\d+$/.test(part) ? Number(part) : part);
const valueAt = (root, path) => path.reduce((value, key) => value?.[key], root);
/** The schema that holds the keyword; a `$ref` in the location leads to its definition. */
function schemaAt(schema, location) {
	const steps = location.replace(/^#\/?/, "").split("/").slice(0, -1);
	let at = schema;
	for (const step of steps) if (step === "$ref") at = schema["$defs"]?.["profile"];
	else at = at[decodeURIComponent(step)] ?? at;
	return at;
}
// dist/config/config.js
const empty = {
	profiles: /* @__PURE__ */ new Map(),
	routes: [],
	interactiveLogin: true,
	rules: [],
	audit: "on",
	lockWithScreen: false
};
var ConfigFile = class {
	path;
	#stamp = "";
	#config = empty;
	constructor(path) {
		this.path = path;
	}
	/** The same object as before while the file has not changed. A file that is not there is an empty one. Throws config_invalid. */
	async read() {
		const stamp = await stampOf$1(this.path);
		if (stamp !== this.#stamp) {
			this.#config = stamp === "" ? empty : await readConfig(await readText$1(this.path), this.path);
			this.#stamp = stamp;
		}
		return this.#config;
	}
};
async function stampOf$1(path) {
	try {
		const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
		return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
	} catch (error) {
		if (error.code === "ENOENT") return "";
		throw new Failure("config_invalid", `${path} cannot be read: ${error.code}`, { cause: error });
	}
}
async function readText$1(path) {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		throw new Failure("config_invalid", `${path} cannot be read: ${error.code}`, { cause: error });
	}
}
/** Throws config_invalid. */
async function readConfig(text, file) {
	const value = await tomlValue(text) ?? (await parseToml(text, file)).value;
	const defects = await validate(value);
	if (defects.length > 0) throw complain(await parseToml(text, file), file, defects);
	const { default_profile: defaultProfile, profile: tables = {}, route: routes = [], interactive_login: interactiveLogin = true, rule: rules = [], audit = "on", prompt, lock_after: lockAfter, lock_with_screen: lockWithScreen = false, notify } = value;
	const complaints = Object.entries(tables).flatMap(([name, table]) => checkProfile(table, ["profile", name]));
	if (defaultProfile !== void 0 && !Object.hasOwn(tables, defaultProfile)) complaints.push({
		path: ["default_profile"],
		text: `'default_profile' is '${defaultProfile}', and there is no such profile`
	});
	complaints.push(...checkRoutes(routes, Object.keys(tables)), ...checkRules(rules));
	if (complaints.length > 0) throw complain(await parseToml(text, file), file, complaints);
	return {
		profiles: new Map(Object.entries(tables).map(([name, table]) => [name, toProfile(name, table)])),
		routes: routes.map(toRoute),
		interactiveLogin,
		rules: rules.map(toRule),
		audit,
		lockWithScreen,
		...prompt === void 0 ? {} : { prompt },
		...lockAfter === void 0 ? {} : { lockAfter },
		...notify === void 0 ? {} : { notify },
		...defaultProfile === void 0 ? {} : { defaultProfile }
	};
}
/** What a schema cannot say. */
function checkProfile(table, path) {
	const complaints = [[[...path, "issuer"], table.issuer], ...Object.entries(table.endpoints ?? {}).map(([name, url]) => [[
		...path,
		"endpoints",
		name
	], url])].flatMap(([at, url]) => {
		const problem = url === void 0 ? void 0 : urlProblem(url);
		return problem === void 0 ? [] : [{
			path: at,
			text: `'${at.at(-1)}' ${problem}`
		}];
	});
	const { resource } = table;
	if (resource !== void 0 && (!URL.canParse(resource) || resource.includes("#"))) complaints.push({
		path: [...path, "resource"],
		text: "'resource' is not an absolute URI without a fragment"
	});
	for (const key of ["lifetime", "idle_limit"]) {
		if (table[key] === void 0 || table.grant !== "client_credentials") continue;
		complaints.push({
			path: [...path, key],
			text: `'${key}' is of no meaning where nobody logs in (client_credentials)`
		});
	}
	for (const name of Object.keys(table.authorization_parameters ?? {})) {
		if (!ownParameters.has(name)) continue;
		complaints.push({
			path: [
				...path,
				"authorization_parameters",
				name
			],
			text: `'${name}' is set by the program itself`
		});
	}
	return complaints;
}
/** What a login is made of, or what would take its place (RFC 9101). */
const ownParameters = /* @__PURE__ */ new Set([
	"response_type",
	"response_mode",
	"client_id",
	"redirect_uri",
	"state",
	"nonce",
	"code_challenge",
	"code_challenge_method",
	"request",
	"request_uri"
]);
/** P19: https everywhere but on this machine. */
function urlProblem(text) {
	const url = URL.parse(text);
	if (url === null) return `is '${text}', not an absolute URL`;
	if (url.username !== "" || url.password !== "") return "holds a user name or a password";
	if (url.hash !== "") return "holds a fragment";
	if (url.protocol === "https:") return void 0;
	if (url.protocol !== "http:") return `is '${text}', not an https URL`;
	return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname) ? void 0 : "is plain http: https is needed everywhere but on this machine";
}
function toProfile(name, table) {
	const provider = providerOf(table.issuer);
	const grant = table.grant ?? "authorization_code";
	const isInteractive = grant !== "client_credentials";
	const scopes = table.scopes ?? (isInteractive ? provider?.scopes ?? ["openid", "offline_access"] : []);
	const needsSecret = !isInteractive || table.client_secret_file !== void 0;
	const endpoints = table.endpoints === void 0 ? provider?.endpoints : toEndpoints(table.endpoints);
	return {
		name,
		issuer: table.issuer,
		clientId: table.client_id,
		grant,
		scopes: normalScope(scopes),
		clientAuthentication: table.client_authentication ?? (needsSecret ? "client_secret_basic" : "none"),
		refresh: table.refresh ?? "ahead",
		refreshGrace: table.refresh_grace ?? provider?.refreshGrace ?? 0,
		redirect: toRedirect(table.redirect),
		authorizationParameters: {
			...provider?.authorizationParameters,
			...table.authorization_parameters
		},
		...table.lifetime === void 0 ? {} : { lifetime: table.lifetime },
		...table.idle_limit === void 0 ? {} : { idleLimit: table.idle_limit },
		...table.resource === void 0 ? {} : { resource: table.resource },
		...table.audience === void 0 ? {} : { audience: table.audience },
		...table.client_secret_file === void 0 ? {} : { clientSecretFile: expandHome(table.client_secret_file) },
		...table.ca_file === void 0 ? {} : { caFile: expandHome(table.ca_file) },
		...endpoints === void 0 ? {} : { endpoints }
	};
}
const toEndpoints = ({ device_authorization: deviceAuthorization, ...rest }) => ({
	...rest,
	...deviceAuthorization === void 0 ? {} : { deviceAuthorization }
});
function toRedirect(text = "http://127.0.0.1/callback") {
	const url = new URL(text);
	return {
		host: url.hostname === "[::1]" ? "::1" : "127.0.0.1",
		port: Number(url.port),
		path: url.pathname
	};
}
const expandHome = (path) => path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
// dist/config/edit.js
const pairs = (table) => Object.entries(table).flatMap(([key, value]) => value === void 0 ? [] : [`${bare$1(key)} = ${literal(value)}`]);
const bare$1 = (key) => /^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key);
const literal = (value) => Array.isArray(value) ? `[${value.map(literal).join(", ")}]` : typeof value === "number" ? String(value) : quote(String(value));
/** A basic string: JSON's escapes are TOML's, but for DEL. What cannot be seen is escaped too: people read this. */
const quote = (text) => JSON.stringify(text).replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => {
	const code = (found.codePointAt(0) ?? 0).toString(16);
	return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
});
const patience$9 = 5e3;
async function edit(path, change) {
	await mkdir(dirname(path), {
		recursive: true,
		mode: 448
	});
	const file = await realpath(path).catch(() => path);
	const release = await takeLock(`${file}.lock`);
	try {
		const before = await stat(file).catch(() => void 0);
		if (before !== void 0 && (before.mode & 146) === 0) throw new Failure("storage_failed", `${path} is read-only`);
		const changed = await change(before === void 0 ? "" : await readText$1(file));
		await readConfig(changed, path);
		await replace(file, changed, before === void 0 ? 384 : before.mode & 511);
	} catch (error) {
		if (error instanceof Failure) throw error;
		throw new Failure("storage_failed", `${path} cannot be written: ${error.code}`, { cause: error });
	} finally {
		await release();
	}
}
async function replace(file, text, mode) {
	const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
	try {
		const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(temporary, file);
	} finally {
		await rm(temporary, { force: true });
	}
}
/** Held for milliseconds; one that outlives its holder by this long is taken over. */
async function takeLock(path) {
	for (let waited = 0;; waited += 25) {
		try {
			await (await open(path, "wx", 384)).close();
			return () => rm(path, { force: true });
		} catch (error) {
			if (error.code !== "EEXIST") throw new Failure("storage_failed", `${dirname(path)} cannot be written: ${error.code}`, { cause: error });
		}
		if (Date.now() - ((await stat(path).catch(() => void 0))?.mtimeMs ?? Date.now()) > patience$9 || waited > 2 * patience$9) await rm(path, { force: true });
		else await new Promise((resolve) => setTimeout(resolve, 25));
	}
}
// dist/config/edit-rules.js
/** Adds `[[rule]]`, under a comment if there is one. Throws bad_request, not_found, config_invalid, storage_failed. */
async function addRule(path, table, place, comment) {
	const lines = ["[[rule]]", ...pairs(table)];
	await checkAlone(lines.join("\n"));
	let written;
	await edit(path, async (text) => {
		const { rules } = await readConfig(text, path);
		const index = indexOf(rules, place);
		const newline = text.includes("\r\n") ? "\r\n" : "\n";
		const tables = await ruleTables(text, path, rules.length);
		const at = index === rules.length ? text.length : startWithComments(text, tables[index]?.[0] ?? 0);
		const before = text.slice(0, at);
		const gap = before === "" || /(\r?\n|^)\r?\n$/.test(before) ? "" : before.endsWith("\n") ? newline : newline + newline;
		const above = comment === void 0 ? "" : `# ${comment}${newline}`;
		const head = before + gap + above;
		const changed = `${head}${lines.join(newline)}${newline}${at === text.length ? "" : newline}${text.slice(at)}`;
		const { rules: now } = await readConfig(changed, path);
		const expected = rules.toSpliced(index, 0, now[index] ?? { verdict: "deny" });
		if (now.length !== rules.length + 1 || JSON.stringify(now) !== JSON.stringify(expected)) throw unsafe(path);
		written = {
			index,
			line: head.split("\n").length,
			text: lines.join("\n")
		};
		return changed;
	});
	if (written === void 0) throw unsafe(path);
	return written;
}
/** From the table's beginning to that of the next one. Rules that are written as one list have no tables. */
async function ruleTables(text, path, count) {
	const nodes = (await parseToml(text, path)).ast.body[0].body;
	const ranges = nodes.flatMap((node, at) => node.type === "TOMLTable" && node.resolvedKey[0] === "rule" ? [[node.range[0], nodes[at + 1]?.range[0] ?? text.length]] : []);
	if (ranges.length !== count) throw unsafe(path);
	return ranges;
}
/** A comment right above a table belongs to it. */
function startWithComments(text, tableStart) {
	let start = text.lastIndexOf("\n", tableStart - 1) + 1;
	while (start > 0) {
		const above = text.lastIndexOf("\n", start - 2) + 1;
		if (!/^[ \t]*#(?!:)/.test(text.slice(above, start))) break;
		start = above;
	}
	return start;
}
function indexOf(rules, place) {
	if (place === "last") return rules.length;
	if (typeof place === "number") {
		if (place > 0 && place >= rules.length) throw noSuchRule(place);
		return place;
	}
	const wanted = JSON.stringify(place.before);
	const index = rules.findIndex((each) => JSON.stringify(each) === wanted);
	if (index < 0) throw new Failure("not_found", "the rule that asked is no longer in config.toml");
	return index;
}
/** What is wrong with it, without a place in a file that it is not in yet. */
async function checkAlone(text) {
	try {
		await readConfig(text, "rule");
	} catch (error) {
		if (!(error instanceof Failure) || error.code !== "config_invalid") throw error;
		throw new Failure("bad_request", error.message.replaceAll(/^rule:\d+:\d+: /gm, ""), { cause: error });
	}
}
const noSuchRule = (index) => new Failure("not_found", `there is no rule ${index + 1}`, { hint: "`authsock rule list` shows those there are" });
const unsafe = (path) => new Failure("config_invalid", "the rules are written in a way that cannot be changed safely", { hint: `change ${path} by hand` });
// dist/core/redacted.js
const inspect = Symbol.for("nodejs.util.inspect.custom");
const text$1 = "[redacted]";
var Redacted = class {
	#value;
	constructor(value) {
		this.#value = value;
	}
	reveal() {
		return this.#value;
	}
	toString() {
		return text$1;
	}
	toJSON() {
		return text$1;
	}
	[Symbol.toPrimitive]() {
		return text$1;
	}
	[inspect]() {
		return text$1;
	}
};
const redact = (value) => new Redacted(value);
// dist/oauth/token-body.js
/** Seconds. Beyond ten years nothing is planned, and dates end. */
const longestLifetime = 316224e3;
/** Undefined where the body is neither JSON nor a form with something known in it. */
function normalTokenBody(text, status) {
	const json = parseBody(text);
	if (json === void 0) return void 0;
	for (const [name, value] of Object.entries(json)) if (value === null || value === "") delete json[name];
	const result = {
		json,
		tokenType: normalTokenType(json["token_type"]),
		refreshTokenExpiresIn: seconds$1(json["refresh_token_expires_in"] ?? json["refresh_expires_in"])
	};
	if (typeof json["error"] === "string" && json["access_token"] === void 0) return {
		...result,
		status: status === 200 ? 400 : status
	};
	if (typeof json["error"] === "object") delete json["error"];
	if (json["access_token"] === void 0) return {
		...result,
		status
	};
	json["token_type"] = "Bearer";
	setOrDelete(json, "scope", normalScopeText(json["scope"]));
	setOrDelete(json, "expires_in", seconds$1(json["expires_in"]));
	for (const name of ["refresh_token", "id_token"]) if (typeof json[name] !== "string") delete json[name];
	return {
		...result,
		status: status >= 200 && status < 300 ? 200 : status
	};
}
/** Google writes `verification_url`, others numbers as texts. */
function normalDeviceBody(json) {
	const { verification_url: url, ...body } = json;
	if (body["verification_uri"] === void 0 && url !== void 0) body["verification_uri"] = url;
	if (body["verification_uri_complete"] === null) delete body["verification_uri_complete"];
	setOrDelete(body, "interval", seconds$1(body["interval"]));
	return body;
}
function parseBody(text) {
	const trimmed = text.trim();
	if (trimmed.startsWith("{")) try {
		return JSON.parse(trimmed);
	} catch {
		return;
	}
	if (!/^[A-Za-z_]+=[^\s<>]*$/.test(trimmed)) return void 0;
	const form = Object.fromEntries(new URLSearchParams(trimmed));
	return form["access_token"] !== void 0 || form["error"] !== void 0 ? form : void 0;
}
/** Undefined for what says nothing: 0 and less, other types. */
function seconds$1(value) {
	const number = typeof value === "string" ? Number(value) : value;
	return typeof number === "number" && Number.isFinite(number) && number > 0 ? Math.min(number, longestLifetime) : void 0;
}
/** Apigee says `BearerToken`. It goes into an HTTP header: a token of RFC 9110 section 5.6.2, or nothing. */
function normalTokenType(value) {
	const text = typeof value === "string" ? value.trim() : "";
	return /^(bearer(token)?)?$/i.test(text) || !/^[\w!#$%&'*+.^`|~-]+$/.test(text) ? "Bearer" : text;
}
/** GitHub and Strava write commas. */
function normalScopeText(value) {
	if (Array.isArray(value)) return value.join(" ");
	if (typeof value !== "string") return void 0;
	return value.includes(" ") ? value : value.replaceAll(",", " ");
}
function setOrDelete(json, name, value) {
	if (value === void 0) delete json[name];
	else json[name] = value;
}
// dist/oauth/exchange.js
/** Bytes of an answer; metadata and keys of the largest servers are a tenth of it. */
const largestBody$1 = 1048576;
const untouched = () => ({
	sent: false,
	host: "",
	status: void 0,
	oauthError: void 0,
	oauthErrorDescription: void 0,
	retryAfter: void 0,
	trouble: void 0
});
var Exchange = class {
	#options;
	#endpoints;
	#dropIdToken;
	trace = untouched();
	/** Set once tokens have come. */
	answer;
	/** `dropIdToken` keeps the ID token from openid-client. */
	constructor(options, endpoints = {}, dropIdToken = false) {
		this.#options = options;
		this.#endpoints = endpoints;
		this.#dropIdToken = dropIdToken;
	}
	/** As fetch, for openid-client. */
	fetch = async (target, options) => {
		const url = new URL(target);
		this.trace = {
			...untouched(),
			host: url.host
		};
		const { trace } = this;
		const signal = AbortSignal.any([
			this.#options.signal,
			AbortSignal.timeout(this.#options.patience),
			...options.signal ? [options.signal] : []
		]);
		try {
			const answer = await this.#send(url, options, signal);
			trace.status = answer.statusCode;
			trace.retryAfter = retryAfter(answer.headers["retry-after"], this.#options.now());
			const body = await readBody$1(answer);
			if (isPostTo(this.#endpoints.token, target, options)) return this.#tokenResponse(answer, body, options);
			if (isPostTo(this.#endpoints.device, target, options)) return this.#deviceResponse(answer, body, options);
			if (options.method === "POST") this.#noteError(parseBody(body.toString()), options);
			return plainResponse(answer, body);
		} catch (error) {
			trace.trouble = signal.aborted && signal.reason instanceof Error ? signal.reason : error;
			throw error;
		}
	};
	async #send(url, options, signal) {
		signal.throwIfAborted();
		const body = options.body === void 0 || options.body === null ? void 0 : Buffer.from(textOf$1(options.body));
		const headers = Object.fromEntries(new Headers(options.headers).entries());
		if (body !== void 0) headers["content-length"] = String(body.length);
		const { request, agent } = await this.#transport(url);
		return new Promise((resolve, reject) => {
			const outgoing = request(url, {
				method: options.method ?? "GET",
				headers,
				agent,
				signal
			}, resolve);
			outgoing.on("error", reject);
			outgoing.on("socket", (socket) => {
				const isTls = url.protocol === "https:";
				const isOpen = isTls ? !socket.secureConnecting : !socket.connecting;
				const markSent = () => {
					this.trace.sent = true;
				};
				if (isOpen) markSent();
				else socket.once(isTls ? "secureConnect" : "connect", markSent);
			});
			outgoing.end(body);
		});
	}
	/** A connection for each request: on one that is kept, a reset does not tell whether the request was read. */
	async #transport(url) {
		const proxyEnv = isLoopback(url) ? void 0 : process.env;
		if (url.protocol === "http:") {
			const http = process.getBuiltinModule("node:http");
			return {
				request: http.request,
				agent: new http.Agent({ keepAlive: false })
			};
		}
		const https = process.getBuiltinModule("node:https");
		const { rootCertificates, getCACertificates } = await import("node:tls");
		const { ca } = this.#options;
		const trusted = () => [...typeof getCACertificates === "function" ? getCACertificates("default") : rootCertificates];
		const options = {
			keepAlive: false,
			minVersion: "TLSv1.2",
			rejectUnauthorized: true,
			...ca === void 0 ? {} : { ca: [...trusted(), ca] },
			...proxyEnv === void 0 ? {} : { proxyEnv }
		};
		return {
			request: https.request,
			agent: new https.Agent(options)
		};
	}
	#tokenResponse(answer, body, options) {
		const normal = normalTokenBody(body.toString(), answer.statusCode ?? 0);
		if (normal === void 0) return plainResponse(answer, body);
		const { json, status, tokenType, refreshTokenExpiresIn } = normal;
		this.#noteError(json, options);
		if (status === 200 && typeof json["access_token"] === "string") {
			const idToken = typeof json["id_token"] === "string" ? redact(json["id_token"]) : void 0;
			this.answer = {
				receivedAt: this.#options.now(),
				tokenType,
				refreshTokenExpiresIn,
				idToken
			};
		}
		if (this.#dropIdToken) delete json["id_token"];
		this.trace.status = status;
		return jsonResponse(json, status);
	}
	#deviceResponse(answer, body, options) {
		const json = parseBody(body.toString());
		if (json === void 0) return plainResponse(answer, body);
		this.#noteError(json, options);
		return jsonResponse(normalDeviceBody(json), answer.statusCode ?? 0);
	}
	/** Servers have been seen to repeat the refresh token in the description of their error (L5). */
	#noteError(json, { body }) {
		if (typeof json?.["error"] !== "string") return;
		const clean = (text) => secretsOf(body).reduce((text, secret) => text.replaceAll(secret, "[redacted]"), text);
		this.trace.oauthError = clean(json["error"]);
		const description = json["error_description"];
		this.trace.oauthErrorDescription = typeof description === "string" ? clean(description) : void 0;
	}
};
const jsonResponse = (json, status) => Response.json(json, { status: status < 200 ? 500 : status });
const isPostTo = (endpoint, target, { method }) => method === "POST" && endpoint !== void 0 && new URL(endpoint).href === new URL(target).href;
const secretParameters = [
	"refresh_token",
	"code",
	"code_verifier",
	"device_code",
	"client_secret",
	"token"
];
const secretsOf = (body) => body instanceof URLSearchParams ? secretParameters.flatMap((name) => body.getAll(name)).filter((value) => value.length > 3) : [];
function plainResponse(answer, body) {
	const status = answer.statusCode ?? 0;
	const headers = new Headers();
	const type = answer.headers["content-type"];
	if (type !== void 0) headers.set("content-type", type);
	const bodiless = [
		204,
		205,
		304
	].includes(status);
	if (status < 200 || status > 599) throw new Failure("server_invalid_response", `the server answered with status ${status}`);
	return new Response(bodiless ? null : new Uint8Array(body), {
		status,
		headers
	});
}
async function readBody$1(answer) {
	const chunks = [];
	let size = 0;
	for await (const chunk of answer) {
		size += chunk.length;
		if (size > largestBody$1) {
			answer.destroy();
			throw Object.assign(/* @__PURE__ */ new Error("the answer is too large"), { code: "AUTHSOCK_TOO_LARGE" });
		}
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}
/** openid-client sends forms. */
const textOf$1 = (body) => body instanceof URLSearchParams ? body.toString() : body;
const isLoopback = (url) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header, now) {
	if (header === void 0) return void 0;
	if (/^\d{1,9}$/.test(header.trim())) return Number(header);
	const date = Date.parse(header);
	return Number.isNaN(date) ? void 0 : Math.max(0, Math.ceil((date - now) / 1e3));
}
// dist/oauth/outcome.js
/** Errors by which servers say that the refresh token is of no use: RFC 6749, OpenID (Entra sends these), GitHub, Slack. */
const deadGrant = /* @__PURE__ */ new Set([
	"invalid_grant",
	"bad_refresh_token",
	"invalid_refresh_token",
	"token_expired",
	"token_revoked",
	"expired_token",
	"interaction_required",
	"login_required",
	"consent_required"
]);
const deadClient = /* @__PURE__ */ new Set([
	"invalid_client",
	"unauthorized_client",
	"incorrect_client_credentials"
]);
/** Request time-out, too early, too many requests, unavailable. */
const notActedOn = /* @__PURE__ */ new Set([
	408,
	425,
	429,
	503
]);
/** Of a token request that gave no tokens. `error` is what was thrown. */
function refusalOf(error, trace) {
	if (error instanceof Failure) return {
		kind: trace.sent ? "no_answer" : "not_sent",
		failure: error
	};
	const { status, oauthError } = trace;
	if (trace.trouble !== void 0) return {
		kind: trace.sent ? "no_answer" : "not_sent",
		failure: troubleOf(trace)
	};
	if (status === void 0) return {
		kind: "not_sent",
		failure: new Failure("server_unreachable", `${trace.host} was not asked: ${describe$1(error)}`, { cause: bare(error) })
	};
	const refusal = (kind, code, text, details = {}) => ({
		kind,
		failure: new Failure(code, text, {
			...details,
			...oauthError === void 0 ? {} : { oauthError }
		})
	});
	if (notActedOn.has(status)) {
		const { retryAfter } = trace;
		return refusal("busy", "server_unavailable", status === 429 ? `${trace.host} limits requests` : `${trace.host} is not available just now (${status})`, retryAfter === void 0 ? {} : { retryAfter });
	}
	if (status >= 500) return refusal("no_answer", "server_unavailable", `${trace.host} has a problem of its own (${status})`);
	if (oauthError === "server_error") return refusal("no_answer", "server_unavailable", said(trace));
	if (oauthError === "temporarily_unavailable" || oauthError === "slow_down") return refusal("busy", "server_unavailable", said(trace));
	if (oauthError !== void 0) {
		if (deadGrant.has(oauthError)) return refusal("invalid_grant", "server_refused", said(trace));
		if (deadClient.has(oauthError)) return refusal("client_refused", "client_refused", said(trace));
		return refusal("refused", "server_refused", said(trace));
	}
	if (status === 400 || status === 401) return refusal("invalid_grant", "server_refused", `${trace.host} refused it without giving a reason (${status})`);
	if (status >= 300) return refusal("refused", "server_invalid_response", `${trace.host} answered ${statusText(status)} in place of a token`);
	return refusal("no_answer", "server_invalid_response", `${trace.host} sent an answer that is not RFC 6749's: ${describe$1(error)}`);
}
/** Of any other request. */
function failureOf(error, trace) {
	if (error instanceof Failure) return error;
	if (trace.trouble !== void 0 || trace.status === void 0) return refusalOf(error, trace).failure;
	if (trace.status === 429 || trace.status >= 500 || trace.oauthError !== void 0) return refusalOf(error, trace).failure;
	if (trace.status >= 300) return new Failure("server_invalid_response", `${trace.host} answered ${statusText(trace.status)}`);
	return new Failure("server_invalid_response", `${trace.host} sent an answer that cannot be used: ${describe$1(error)}`, { cause: bare(error) });
}
const statusText = (status) => status < 400 ? `with a redirect (${status}), which is not followed` : `with status ${status}`;
/** The server's own words, which may be hostile: short, and without control characters. */
function said({ host, oauthError, oauthErrorDescription }) {
	const description = oauthErrorDescription === void 0 ? "" : ` (${printable(oauthErrorDescription)})`;
	return `${host} says ${printable(oauthError ?? "")}${description}`;
}
const printable = (text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").slice(0, 200).trim();
function troubleOf(trace) {
	const { host, sent } = trace;
	const trouble = trace.trouble;
	if (trouble instanceof Failure) return trouble;
	const details = { cause: bare(trouble) };
	if (trouble.name === "TimeoutError") return sent ? new Failure("server_timeout", `${host} did not answer in time`, details) : new Failure("server_unreachable", `${host} could not be reached in time`, details);
	if (trouble.name === "AbortError") return new Failure("cancelled", `the request to ${host} was cancelled`, details);
	if (trouble.code === "AUTHSOCK_TOO_LARGE") return new Failure("server_invalid_response", `${host} sent far too much`, details);
	if (sent) return new Failure("server_timeout", `the connection to ${host} broke before the answer was complete`, details);
	return new Failure("server_unreachable", `${host} cannot be reached: ${reason(trouble)}`, details);
}
const reasons = {
	ENOTFOUND: "there is no such name",
	EAI_AGAIN: "names cannot be looked up just now",
	ECONNREFUSED: "nothing listens there",
	ECONNRESET: "the connection was reset",
	ENETUNREACH: "there is no way to that network",
	EHOSTUNREACH: "there is no way to that host",
	ETIMEDOUT: "it does not answer",
	CERT_HAS_EXPIRED: "its certificate has expired",
	ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
	DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed (ca_file in the profile adds an authority)",
	SELF_SIGNED_CERT_IN_CHAIN: "its certificate is from an unknown authority (ca_file in the profile adds one)",
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is from an unknown authority (ca_file in the profile adds one)",
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is from an unknown authority (ca_file in the profile adds one)"
};
function reason(error) {
	const first = error instanceof AggregateError ? error.errors[0] : error;
	return reasons[first.code ?? ""] ?? first.code ?? first.message;
}
/** openid-client says what was wrong in the cause of what it throws. */
function describe$1(error) {
	if (!(error instanceof Error)) return "no reason given";
	const { cause } = error;
	return printable(cause instanceof Error && cause.name === "OperationProcessingError" ? cause.message : error.message);
}
/** Causes of openid-client hold responses and bodies: what is kept has a name, a code and a message only. */
function bare(error) {
	const { name, message, code } = error;
	return Object.assign(new Error(message), {
		name,
		...code === void 0 ? {} : { code }
	});
}
// dist/oauth/aws-sts.js
const patience$8 = 2e4;
/** Fails with server_*, insecure_url. */
async function assumeRole(role, token, options) {
	const url = endpointOf(role);
	const exchange = new Exchange({
		ca: void 0,
		patience: patience$8,
		...options
	});
	const body = new URLSearchParams({
		Action: "AssumeRoleWithWebIdentity",
		Version: "2011-06-15",
		RoleArn: role.roleArn,
		RoleSessionName: role.sessionName ?? "authsock",
		WebIdentityToken: token.reveal(),
		...role.duration === void 0 ? {} : { DurationSeconds: String(role.duration) }
	});
	const headers = {
		"content-type": "application/x-www-form-urlencoded",
		accept: "application/xml"
	};
	let text;
	let status;
	try {
		const response = await exchange.fetch(url.href, {
			method: "POST",
			headers,
			body
		});
		text = await response.text();
		status = response.status;
	} catch (error) {
		throw failureOf(error, exchange.trace);
	}
	if (status !== 200) throw refusal(url, status, text.replaceAll(token.reveal(), "[redacted]"));
	return read$2(url, text);
}
function endpointOf({ endpoint, region }) {
	const text = endpoint ?? (region === void 0 ? "https://sts.amazonaws.com/" : `https://sts.${region}.${domainOf(region)}/`);
	const url = URL.parse(text);
	if (url === null || url.protocol !== "https:" && !isLoopback(url)) throw new Failure("insecure_url", `${text.slice(0, 200)} is not an https URL`, { hint: "check AWS_ENDPOINT_URL_STS and the region" });
	return url;
}
const domainOf = (region) => region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
const element = (xml, name) => {
	return (new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1])?.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, entity) => entities$1[entity]);
};
const entities$1 = {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: "\"",
	apos: "'"
};
function read$2({ host }, xml) {
	const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
		"AccessKeyId",
		"SecretAccessKey",
		"SessionToken",
		"Expiration"
	].map((name) => element(xml, name));
	const expiresAt = Date.parse(expiration ?? "");
	if (accessKeyId === void 0 || secretAccessKey === void 0 || sessionToken === void 0 || Number.isNaN(expiresAt)) throw new Failure("server_invalid_response", `${host} sent an answer without credentials`);
	return {
		accessKeyId,
		secretAccessKey: redact(secretAccessKey),
		sessionToken: redact(sessionToken),
		expiresAt
	};
}
function refusal({ host }, status, xml) {
	const [code, message] = [element(xml, "Code"), element(xml, "Message")];
	if (code === void 0) return new Failure("server_invalid_response", `${host} answered with status ${status}`);
	const said = `${host} says ${printable(code)}${message === void 0 ? "" : ` (${printable(message)})`}`;
	if (status >= 500 || code === "Throttling") return new Failure("server_unavailable", said);
	return new Failure("server_refused", said, {
		hint: "check the role's trust policy: issuer, audience and subject of the token",
		oauthError: code
	});
}
// dist/oauth/callback-page.js
const style = `
:root { color-scheme: light dark; --paper: #f6f5f1; --card: #fff; --ink: #1d2327; --soft: #5c666d; --line: #e2e0d8; --good: #1f7a4d; --bad: #b3402f }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181b; --card: #1c2226; --ink: #e8ebed; --soft: #9aa5ac; --line: #2c353a; --good: #5ec491; --bad: #f0877a }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { width: 100%; max-width: 29rem; padding: 2.5rem 2.25rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 12px 32px rgb(0 0 0 / 6%) }
.mark { display: grid; place-items: center; width: 3.25rem; height: 3.25rem; border-radius: 50%; color: var(--good);
  background: color-mix(in srgb, currentColor 13%, transparent) }
.mark.bad { color: var(--bad) }
svg { width: 1.6rem; height: 1.6rem; fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round }
h1 { margin: 1.35rem 0 .5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.012em; font-weight: 650; text-wrap: balance }
p { margin: 0 0 .75rem; overflow-wrap: anywhere }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1.25rem; margin: 1.5rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9375rem }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
footer { margin-top: 1.5rem; font-size: .8125rem; color: var(--soft) }
@media (max-width: 26rem) { main { padding: 2rem 1.5rem 1.5rem } }
`;
const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const tick = "<path d=\"M5 12.5l4.5 4.5L19 7.5\"/>";
const cross = "<path d=\"M6.5 6.5l11 11M17.5 6.5l-11 11\"/>";
function renderPage(content) {
	const { title, lines, isGood } = words(content);
	return {
		html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} - authsock</title>
<style>${style}</style>
</head>
<body>
<main>
<div class="mark${isGood ? "" : " bad"}"><svg viewBox="0 0 24 24" aria-hidden="true">${isGood ? tick : cross}</svg></div>
<h1>${escape(title)}</h1>
${lines.map((line, index) => `<p${index === 0 ? "" : " class=\"soft\""}>${escape(line)}</p>`).join("\n")}
<dl>
<dt>Profile</dt><dd>${escape(content.profile)}</dd>
<dt>Server</dt><dd>${escape(hostOf(content.issuer))}</dd>
</dl>
<footer>authsock, on this machine</footer>
</main>
</body>
</html>
`,
		policy
	};
}
function words(content) {
	switch (content.kind) {
		case "done": return {
			title: "You are logged in",
			lines: ["You may close this window and go back to the terminal."],
			isGood: true
		};
		case "failed": return {
			title: content.failure.code === "login_cancelled" ? "The login was declined" : "The login did not work",
			lines: [sentence(content.failure.message), "Nothing was stored. The terminal says what to do next; you may close this window."],
			isGood: false
		};
		case "refused": return {
			title: "This is not the login that is under way",
			lines: [sentence(content.failure.message), "Nothing has changed. If you are logging in, finish in the window that was opened for it."],
			isGood: false
		};
	}
}
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
const hostOf = (issuer) => URL.parse(issuer)?.host ?? issuer;
const entities = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;"
};
const escape = (text) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
// dist/oauth/callback.js
async function listenForCallback({ profile, state }) {
	const { host, port: wanted, path } = profile.redirect;
	const { promise: hit, resolve: settle, reject: fail } = Promise.withResolvers();
	hit.catch(() => {});
	let used = false;
	const server = process.getBuiltinModule("node:http").createServer({
		maxHeaderSize: 16384,
		headersTimeout: 5e3,
		requestTimeout: 5e3,
		connectionsCheckingInterval: 1e3,
		keepAliveTimeout: 1e3
	});
	server.maxConnections = 32;
	server.on("request", (request, response) => {
		try {
			const url = readCallback(request, authority, path);
			if (used || !isOurs(url, state)) throw notOurs();
			used = true;
			settle({
				url,
				respond: (failure) => conclude$1(response, profile, failure)
			});
		} catch (error) {
			const failure = error instanceof Failure ? error : notOurs();
			send$2(response, failure.status, {
				kind: "refused",
				profile: profile.name,
				issuer: profile.issuer,
				failure
			});
		}
	});
	const listening = once(server, "listening");
	server.listen({
		host,
		port: wanted
	});
	try {
		await listening;
	} catch (error) {
		throw new Failure("login_failed", `port ${wanted} of ${host} is taken: ${error.code}`, {
			hint: "stop what uses it, or change `redirect` in the profile",
			cause: error
		});
	}
	const { port } = server.address();
	const authority = `${host === "::1" ? "[::1]" : host}:${port}`;
	const redirectUri = `http://${authority}${path}`;
	return {
		redirectUri,
		wait: async (signal) => {
			const cancel = () => fail(new Failure("login_cancelled", "the login was cancelled"));
			if (signal.aborted) cancel();
			signal.addEventListener("abort", cancel, { once: true });
			try {
				return await hit;
			} finally {
				signal.removeEventListener("abort", cancel);
			}
		},
		take: (text) => {
			const url = URL.parse(text.trim());
			if (url === null || used || `${url.origin}${url.pathname}` !== redirectUri || !isOurs(url, state)) throw new Failure("bad_request", "this is not the address that the browser ended on for this login", { hint: `copy the whole address, which begins with ${redirectUri}?` });
			used = true;
			settle({
				url,
				respond: async () => {}
			});
		},
		close: () => {
			fail(new Failure("login_cancelled", "the login was cancelled"));
			server.close();
			server.closeIdleConnections();
			setTimeout(() => server.closeAllConnections(), 1e3).unref();
		}
	};
}
const notOurs = () => new Failure("bad_request", "this address does not belong to a login that is under way", { hint: "start the login again from the terminal" });
/** The Host header keeps out pages that reach loopback under a name of their own (DNS rebinding). */
function readCallback(request, authority, path) {
	if (request.headers.host !== authority) throw notOurs();
	if (request.method !== "GET") throw new Failure("method_not_allowed", "only GET is answered here");
	const url = URL.parse(request.url ?? "", `http://${authority}`);
	if (url === null || url.pathname !== path) throw new Failure("not_found", "there is nothing here");
	return url;
}
function isOurs(url, state) {
	const [given] = url.searchParams.getAll("state");
	if (![
		"state",
		"code",
		"error",
		"iss"
	].every((name) => url.searchParams.getAll(name).length <= 1) || given === void 0 || given.length !== state.length) return false;
	if (!url.searchParams.has("code") && !url.searchParams.has("error")) return false;
	return timingSafeEqual(Buffer.from(given), Buffer.from(state));
}
async function conclude$1(response, { name, issuer }, failure) {
	if (response.destroyed) return;
	const told = Promise.race([once(response, "finish"), once(response, "close")]);
	const about = {
		profile: name,
		issuer
	};
	send$2(response, failure === void 0 ? 200 : 400, failure === void 0 ? {
		kind: "done",
		...about
	} : {
		kind: "failed",
		...about,
		failure
	});
	await told;
}
function send$2(response, status, content) {
	const { html, policy } = renderPage(content);
	response.writeHead(status, {
		"Content-Type": "text/html; charset=utf-8",
		"Cache-Control": "no-store",
		"Content-Security-Policy": policy,
		"Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin",
		Connection: "close"
	}).end(html);
}
// dist/oauth/identity.js
function identityOf(claims) {
	const text = (name) => {
		const value = claims[name];
		return typeof value === "string" && printable(value) !== "" ? printable(value) : void 0;
	};
	const [name, email, preferredUsername] = [
		text("name"),
		text("email"),
		text("preferred_username")
	];
	return {
		issuer: claims.iss,
		subject: claims.sub,
		...name === void 0 ? {} : { name },
		...email === void 0 ? {} : { email },
		...preferredUsername === void 0 ? {} : { preferredUsername }
	};
}
/** Undefined where it is no JWT. */
function unverifiedClaims(idToken) {
	try {
		const payload = idToken.reveal().split(".")[1];
		const claims = payload === void 0 ? void 0 : JSON.parse(Buffer.from(payload, "base64url").toString());
		return typeof claims === "object" && claims !== null ? claims : void 0;
	} catch {
		return;
	}
}
const sameIdentity = (claims, identity) => claims["iss"] === identity.issuer && claims["sub"] === identity.subject;
// dist/oauth/connection.js
const defaultTarget$1 = ({ resource, audience }) => ({
	...resource === void 0 ? {} : { resource },
	...audience === void 0 ? {} : { audience }
});
const targetParameters = ({ scope, resource, audience }) => ({
	...scope === void 0 || scope.length === 0 ? {} : { scope: scope.join(" ") },
	...resource === void 0 ? {} : { resource },
	...audience === void 0 ? {} : { audience }
});
function tokenResponse(answer, exchange) {
	const claims = answer.claims();
	const identity = claims === void 0 ? void 0 : identityOf(claims);
	const { expires_in: expiresIn, scope, refresh_token: refreshToken } = answer;
	const { receivedAt, tokenType, refreshTokenExpiresIn, idToken } = exchange.answer ?? unreachable();
	return {
		accessToken: redact(answer.access_token),
		tokenType,
		receivedAt,
		...expiresIn === void 0 ? {} : { expiresIn },
		...scope === void 0 ? {} : { scope: parseScope(scope) },
		...refreshToken === void 0 ? {} : { refreshToken: redact(refreshToken) },
		...refreshTokenExpiresIn === void 0 ? {} : { refreshTokenExpiresIn },
		...identity === void 0 ? {} : { identity },
		...idToken === void 0 || unverifiedClaims(idToken) === void 0 ? {} : { idToken }
	};
}
function unreachable() {
	throw new Error("a token answer that was not seen");
}
// dist/oauth/code-flow.js
/** ms for which a login waits for the user. */
const patience$7 = 6e5;
async function codeFlow(connection, options) {
	const { profile, metadata, openid } = connection;
	if (metadata.authorization_endpoint === void 0) throw new Failure("unsupported_by_server", `${profile.issuer} has no page to log in on`, { hint: "`authsock login {profile} --grant device_code` uses a code instead" });
	const state = openid.randomState();
	const callback = await listenForCallback({
		profile,
		state
	});
	try {
		const attempt = {
			state,
			nonce: profile.scopes.includes("openid") ? openid.randomNonce() : void 0,
			verifier: openid.randomPKCECodeVerifier(),
			redirectUri: callback.redirectUri
		};
		const url = await authorizationUrl(connection, attempt, options.signal);
		options.onPaste?.((text) => callback.take(text));
		options.onProgress({
			type: "open_browser",
			url,
			redirectUri: callback.redirectUri
		});
		return await waitForUser(callback, options.signal, (current) => redeem(connection, attempt, current, options.signal));
	} finally {
		callback.close();
	}
}
async function authorizationUrl(connection, attempt, signal) {
	const { profile, metadata, openid } = connection;
	const { configuration, exchange } = await connection.configure(signal);
	const parameters = {
		...profile.scopes.includes("offline_access") ? { prompt: "consent" } : {},
		...profile.authorizationParameters,
		response_type: "code",
		client_id: profile.clientId,
		...targetParameters({
			scope: profile.scopes,
			...defaultTarget$1(profile)
		}),
		redirect_uri: attempt.redirectUri,
		state: attempt.state,
		code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
		code_challenge_method: "S256",
		...attempt.nonce === void 0 ? {} : { nonce: attempt.nonce }
	};
	for (const name of [
		"request",
		"request_uri",
		"response_mode"
	]) delete parameters[name];
	if (metadata.require_pushed_authorization_requests !== true) return openid.buildAuthorizationUrl(configuration, parameters).href;
	if (metadata.pushed_authorization_request_endpoint === void 0) throw new Failure("discovery_failed", `${profile.issuer} wants authorization requests pushed, and does not say where to`);
	try {
		return (await openid.buildAuthorizationUrlWithPAR(configuration, parameters)).href;
	} catch (error) {
		throw failureOf(error, exchange.trace);
	}
}
/** The first callback that belongs to this login decides it; the browser is told how it ended. */
async function waitForUser(callback, signal, use) {
	const giveUp = AbortSignal.timeout(patience$7);
	const { url, respond } = await callback.wait(AbortSignal.any([signal, giveUp])).catch((error) => {
		if (!giveUp.aborted || signal.aborted) throw error;
		throw new Failure("login_expired", "nobody came back from the browser");
	});
	try {
		const response = await use(url);
		await respond(void 0);
		return response;
	} catch (error) {
		const failure = error instanceof Failure ? error : new Failure("login_failed", "the login failed", { cause: error });
		await respond(failure);
		throw failure;
	}
}
async function redeem(connection, attempt, current, signal) {
	const { profile, openid, metadata } = connection;
	checkSender(current, metadata);
	refuseErrors(current, profile.issuer);
	const { configuration, exchange } = await connection.configure(signal);
	try {
		return tokenResponse(await openid.authorizationCodeGrant(configuration, current, {
			pkceCodeVerifier: attempt.verifier,
			expectedState: attempt.state,
			...attempt.nonce === void 0 ? {} : {
				expectedNonce: attempt.nonce,
				idTokenExpected: true
			}
		}, targetParameters(defaultTarget$1(profile))), exchange);
	} catch (error) {
		if (exchange.trace.host === "") throw new Failure("login_failed", "the browser came back with an answer that cannot be trusted");
		if (exchange.answer !== void 0) throw failureOf(error, exchange.trace);
		const refusal = refusalOf(error, exchange.trace);
		throw refusal.kind === "invalid_grant" || refusal.kind === "refused" ? new Failure("login_failed", refusal.failure.message) : refusal.failure;
	}
}
/** P4, for answers and errors alike (RFC 9207 section 2). */
function checkSender(current, metadata) {
	const iss = current.searchParams.get("iss");
	if (iss === metadata.issuer) return;
	if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return;
	const about = iss === null ? "does not say which server it is from ('iss')" : `is from ${printable(iss)}`;
	throw new Failure("login_failed", `the browser came back with an answer that cannot be trusted: it ${about}`);
}
/** RFC 6749 section 4.1.2.1. */
function refuseErrors(current, issuer) {
	const error = current.searchParams.get("error");
	if (error === null) return;
	const description = current.searchParams.get("error_description");
	const text = `${new URL(issuer).host} says ${printable(error)}${description === null ? "" : ` (${printable(description)})`}`;
	throw error === "access_denied" ? new Failure("login_cancelled", text) : new Failure("login_failed", text, { oauthError: printable(error) });
}
// dist/oauth/discovery.js
/** Where the metadata of an issuer may lie: OpenID Connect Discovery section 4, RFC 8414 section 3, and what some made of them. */
function metadataUrls(issuer) {
	const url = new URL(issuer);
	if (url.pathname.includes("/.well-known/")) return [issuer];
	const path = url.pathname.replace(/\/+$/, "");
	const base = url.origin + path;
	const urls = [
		`${base}/.well-known/openid-configuration`,
		`${url.origin}/.well-known/oauth-authorization-server${path}`,
		`${base}/.well-known/oauth-authorization-server`,
		`${url.origin}/.well-known/openid-configuration${path}`
	];
	return [...new Set(urls)];
}
/** Throws discovery_failed, issuer_mismatch, insecure_url, server_*. */
async function discover(profile, makeExchange) {
	if (profile.endpoints !== void 0) return fromEndpoints(profile.issuer, profile.endpoints);
	requireSecure(profile.issuer, "the issuer");
	const tried = [];
	let unavailable;
	for (const url of metadataUrls(profile.issuer)) {
		const document = await fetchDocument(url, makeExchange());
		if (document instanceof Failure) unavailable ??= document;
		else if (typeof document === "object") return checkMetadata(document, profile, url);
		else tried.push(`${url}: ${document}`);
	}
	if (unavailable !== void 0) throw unavailable;
	throw new Failure("discovery_failed", `no metadata was found for ${profile.issuer}: ${tried.join("; ")}`);
}
/** The document, or why it is none (a Failure: it may be another time). Throws where the server cannot be asked at all. */
async function fetchDocument(url, exchange) {
	try {
		const response = await exchange.fetch(url, { headers: { accept: "application/json" } });
		if (response.status !== 200) {
			if (response.status === 429 || response.status >= 500) return failureOf(void 0, exchange.trace);
			return `status ${response.status}`;
		}
		const document = JSON.parse(await response.text());
		return typeof document?.issuer === "string" ? document : "names no issuer";
	} catch (error) {
		if (error instanceof SyntaxError) return "not JSON";
		throw failureOf(error, exchange.trace);
	}
}
const urlFields = [
	"token_endpoint",
	"authorization_endpoint",
	"device_authorization_endpoint",
	"revocation_endpoint",
	"userinfo_endpoint",
	"jwks_uri",
	"pushed_authorization_request_endpoint"
];
function checkMetadata(document, profile, url) {
	checkIssuer(document["issuer"], profile.issuer);
	const metadata = { ...document };
	for (const [name, value] of Object.entries(metadata)) if (value === null) delete metadata[name];
	for (const field of urlFields) {
		const value = metadata[field];
		if (value === void 0) continue;
		if (typeof value !== "string" || !URL.canParse(value)) throw new Failure("discovery_failed", `the '${field}' of ${profile.issuer} is not a URL`);
		requireSecure(value, `the '${field}' of ${profile.issuer}`);
	}
	metadata["id_token_signing_alg_values_supported"] = signingAlgorithms(metadata["id_token_signing_alg_values_supported"]);
	if (metadata["token_endpoint"] === void 0) throw new Failure("discovery_failed", `${url} names no token_endpoint`);
	return metadata;
}
/** What openid-client takes where the server does not say. */
const asymmetric = [
	"RS256",
	"PS256",
	"ES256",
	"EdDSA",
	"Ed25519",
	"RS384",
	"RS512",
	"PS384",
	"PS512",
	"ES384",
	"ES512"
];
/** P11: servers list `none`, which is for answers by the browser alone. */
const signingAlgorithms = (listed) => {
	const algorithms = Array.isArray(listed) ? listed.filter((each) => typeof each === "string" && each !== "none") : [];
	return algorithms.length > 0 ? algorithms : asymmetric;
};
/** P3. Where the profile gives the URL of the document itself, it lies where that issuer's does, or below it. */
function checkIssuer(found, configured) {
	if (found === configured) return;
	if (configured.includes("/.well-known/") && URL.canParse(found)) {
		if (metadataUrls(found).includes(configured) || configured.startsWith(`${found.replace(/\/$/, "")}/`)) return;
	}
	throw new Failure("issuer_mismatch", `the server calls itself '${printable(found)}', not '${configured}'`, { hint: `if that is the server you mean, use ${printable(found)} as the issuer` });
}
function requireSecure(text, what) {
	const url = new URL(text);
	if (url.protocol === "https:" || url.protocol === "http:" && isLoopback(url)) return;
	throw new Failure("insecure_url", `${what} is ${printable(text)}, which is not https`);
}
function fromEndpoints(issuer, endpoints) {
	for (const [name, url] of Object.entries(endpoints)) requireSecure(url, `the ${name} endpoint`);
	const { token, authorization, deviceAuthorization, revocation, userinfo, jwks } = endpoints;
	return {
		issuer,
		token_endpoint: token,
		id_token_signing_alg_values_supported: [...asymmetric],
		...authorization === void 0 ? {} : { authorization_endpoint: authorization },
		...deviceAuthorization === void 0 ? {} : { device_authorization_endpoint: deviceAuthorization },
		...revocation === void 0 ? {} : { revocation_endpoint: revocation },
		...userinfo === void 0 ? {} : { userinfo_endpoint: userinfo },
		...jwks === void 0 ? {} : { jwks_uri: jwks }
	};
}
// dist/oauth/device-flow.js
const grantType = "urn:ietf:params:oauth:grant-type:device_code";
/** Seconds, where the server says nothing (RFC 8628 section 3.2). */
const defaultInterval = 5;
/** Seconds: no server means less or more. */
const [shortestInterval, longestInterval] = [1, 300];
const slowDown = 5;
/** Seconds that a code is waited for, whatever the server says. */
const longestWait$2 = 3600;
async function deviceFlow(connection, { onProgress, signal }) {
	const { profile, metadata, openid, clock } = connection;
	if (metadata.device_authorization_endpoint === void 0) throw new Failure("unsupported_by_server", `${profile.issuer} offers no login with a code on another device`, { hint: "`authsock login {profile} --grant authorization_code` uses the browser" });
	const target = defaultTarget$1(profile);
	const start = await connection.configure(signal);
	const code = await openid.initiateDeviceAuthorization(start.configuration, targetParameters({
		scope: profile.scopes,
		...target
	})).catch((error) => {
		throw failureOf(error, start.exchange.trace);
	});
	const page = webPage(code.verification_uri);
	const complete = completePage(code.verification_uri_complete, page);
	const expiresAt = clock.now() + Math.min(code.expires_in, longestWait$2) * 1e3;
	onProgress({
		type: "device_code",
		userCode: printable(code.user_code),
		verificationUri: page.href,
		...complete === void 0 ? {} : { verificationUriComplete: complete.href },
		expiresIn: code.expires_in
	});
	let interval = Math.min(Math.max(code.interval ?? defaultInterval, shortestInterval), longestInterval);
	for (;;) {
		await wait(Math.min(interval * 1e3, Math.max(0, expiresAt - clock.now())), signal);
		if (clock.now() >= expiresAt) throw expired(profile.name);
		const { configuration, exchange } = await connection.configure(signal);
		try {
			return tokenResponse(await openid.genericGrantRequest(configuration, grantType, {
				device_code: code.device_code,
				...targetParameters(target)
			}), exchange);
		} catch (error) {
			if (signal.aborted) throw cancelled();
			if (exchange.answer !== void 0) throw failureOf(error, exchange.trace);
			const { oauthError, status, trouble } = exchange.trace;
			if (oauthError === "authorization_pending") continue;
			if (oauthError === "slow_down") {
				interval += slowDown;
				continue;
			}
			if (oauthError === "access_denied") throw new Failure("login_cancelled", `the login was declined at ${exchange.trace.host}`);
			if (oauthError === "expired_token") throw expired(profile.name);
			if (trouble !== void 0 || status !== void 0 && (status >= 500 || status === 429)) {
				interval = Math.min(interval * 2, 60);
				onProgress({
					type: "progress",
					text: `${refusalOf(error, exchange.trace).failure.message}; trying again`
				});
				continue;
			}
			throw status === 200 ? failureOf(error, exchange.trace) : new Failure("login_failed", refusalOf(error, exchange.trace).failure.message);
		}
	}
}
async function wait(delay, signal) {
	try {
		await setTimeout$1(delay, void 0, { signal });
	} catch {
		throw cancelled();
	}
}
const cancelled = () => new Failure("login_cancelled", "the login was cancelled");
const expired = (profile) => new Failure("login_expired", "the code has expired before it was entered", { profile });
/** P10: the user is sent there. */
function webPage(text) {
	const url = URL.parse(text);
	if (url === null) throw new Failure("server_invalid_response", "the server gave no page to enter the code on");
	requireSecure(text, "the page for the code");
	return url;
}
/** Only where it is of the host that the user is told to look for. */
function completePage(text, page) {
	const url = text === void 0 ? null : URL.parse(text);
	return url?.origin === page.origin ? url : void 0;
}
// dist/oauth/server.js
/** ms for which metadata is believed. */
const metadataLifetime = 36e5;
/** ms for one exchange with the server. */
const usualPatience = 3e4;
const connectBy = (clock, patience = usualPatience) => (profile, clientSecret) => new Server(profile, clientSecret, clock, patience);
var Server = class {
	#profile;
	#clientSecret;
	#clock;
	#patience;
	#metadata;
	constructor(profile, clientSecret, clock, patience) {
		this.#profile = profile;
		this.#clientSecret = clientSecret;
		this.#clock = clock;
		this.#patience = patience;
	}
	async login(options) {
		try {
			return await this.#login(options);
		} catch (error) {
			if (error instanceof Failure && error.code === "cancelled") throw new Failure("login_cancelled", "the login was cancelled");
			throw error;
		}
	}
	async #login(options) {
		const connection = await this.#connect(options.signal);
		switch (options.grant) {
			case "authorization_code": return codeFlow(connection, options);
			case "device_code": return deviceFlow(connection, options);
			case "client_credentials": {
				const outcome = await this.clientCredentials(defaultTarget$1(this.#profile), options.signal);
				if (outcome.kind === "tokens") return outcome.response;
				throw outcome.failure;
			}
		}
	}
	refresh(request, signal) {
		return this.#tokens(signal, async ({ openid }, { configuration, exchange }) => {
			const response = tokenResponse(await openid.refreshTokenGrant(configuration, request.refreshToken.reveal(), targetParameters(request.target)), exchange);
			const idToken = exchange.answer?.idToken;
			const claims = idToken === void 0 ? void 0 : unverifiedClaims(idToken);
			if (claims === void 0 || request.identity === void 0 || sameIdentity(claims, request.identity)) return {
				kind: "tokens",
				response
			};
			return {
				kind: "identity_changed",
				failure: new Failure("server_refused", "the server answered with tokens for another user than the one who logged in")
			};
		});
	}
	clientCredentials(target, signal) {
		const { scopes } = this.#profile;
		return this.#tokens(signal, async ({ openid }, { configuration, exchange }) => {
			const parameters = targetParameters(target.scope === void 0 && scopes.length > 0 ? {
				...target,
				scope: scopes
			} : target);
			const { refreshToken: _unwanted, ...response } = tokenResponse(await openid.clientCredentialsGrant(configuration, parameters), exchange);
			return {
				kind: "tokens",
				response
			};
		});
	}
	async revoke(token, hint, signal) {
		const connection = await this.#connect(signal);
		if (connection.metadata.revocation_endpoint === void 0) return "unsupported";
		const { configuration, exchange } = await connection.configure(signal);
		try {
			await connection.openid.tokenRevocation(configuration, token.reveal(), { token_type_hint: hint });
			return "revoked";
		} catch (error) {
			const { status, oauthError } = exchange.trace;
			if (status !== void 0 && status >= 200 && status < 300) return "revoked";
			if (oauthError === "unsupported_token_type") return "unsupported";
			throw failureOf(error, exchange.trace);
		}
	}
	async #tokens(signal, request) {
		let exchange;
		try {
			const connection = await this.#connect(signal);
			const configured = await connection.configure(signal, { dropIdToken: true });
			exchange = configured.exchange;
			return await request(connection, configured);
		} catch (error) {
			if (exchange !== void 0) return refusalOf(error, exchange.trace);
			if (error instanceof Failure) return {
				kind: "not_sent",
				failure: error
			};
			throw error;
		}
	}
	async #connect(signal) {
		const openid = await import("openid-client");
		const metadata = await unlessAborted(this.#discover(), signal, this.#profile.issuer);
		const profile = this.#profile;
		return {
			profile,
			clock: this.#clock,
			metadata,
			openid,
			configure: async (signal, { dropIdToken = false } = {}) => {
				const exchange = await this.#exchange(signal, metadata, dropIdToken);
				const configuration = new openid.Configuration(metadata, profile.clientId, void 0, await this.#authentication(openid));
				configuration[openid.customFetch] = (url, options) => exchange.fetch(url, options);
				configuration.timeout = this.#patience / 1e3;
				openid.allowInsecureRequests(configuration);
				if (metadata.jwks_uri !== void 0) openid.enableNonRepudiationChecks(configuration);
				return {
					configuration,
					exchange
				};
			}
		};
	}
	#discover() {
		const now = this.#clock.now();
		const known = this.#metadata;
		if (known !== void 0 && now >= known.at && now - known.at < metadataLifetime) return known.promise;
		const fetched = this.#exchange(new AbortController().signal).then((exchange) => discover(this.#profile, () => exchange));
		const promise = known === void 0 ? fetched : fetched.catch(() => known.promise);
		const entry = {
			promise,
			at: now
		};
		this.#metadata = entry;
		fetched.catch(() => {
			if (this.#metadata === entry) this.#metadata = known === void 0 ? void 0 : {
				...known,
				at: this.#clock.now() - metadataLifetime + 6e4
			};
		});
		return promise;
	}
	async #exchange(signal, metadata, dropIdToken = false) {
		const { caFile } = this.#profile;
		return new Exchange({
			ca: caFile === void 0 ? void 0 : await readText(caFile, "ca_file"),
			signal,
			patience: this.#patience,
			now: () => this.#clock.now()
		}, {
			token: metadata?.token_endpoint,
			device: metadata?.device_authorization_endpoint
		}, dropIdToken);
	}
	async #authentication(openid) {
		const { clientAuthentication, clientSecretFile, name } = this.#profile;
		if (clientAuthentication === "none") return openid.None();
		const secret = clientSecretFile === void 0 ? await this.#clientSecret() : redact((await readText(clientSecretFile, "client_secret_file")).trim());
		if (secret === void 0 || secret.reveal() === "") throw new Failure("client_refused", `the client secret of '${name}' is not known`, {
			profile: name,
			hint: "`authsock login {profile}` asks for it; AUTHSOCK_CLIENT_SECRET or --client-secret-stdin give it without a prompt"
		});
		return clientAuthentication === "client_secret_basic" ? openid.ClientSecretBasic(secret.reveal()) : openid.ClientSecretPost(secret.reveal());
	}
};
/** Discovery is shared: one who gives up leaves it to the others. */
async function unlessAborted(work, signal, issuer) {
	const { promise: aborted, reject } = Promise.withResolvers();
	const giveUp = () => {
		const { host } = new URL(issuer);
		const isTimeout = signal.reason?.name === "TimeoutError";
		reject(isTimeout ? new Failure("server_timeout", `${host} did not answer in time`) : new Failure("cancelled", `the request to ${host} was cancelled`));
	};
	if (signal.aborted) giveUp();
	signal.addEventListener("abort", giveUp, { once: true });
	try {
		return await Promise.race([work, aborted]);
	} finally {
		signal.removeEventListener("abort", giveUp);
	}
}
async function readText(path, what) {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		throw new Failure("config_invalid", `the ${what} ${path} cannot be read: ${error.code}`, { cause: error });
	}
}
// dist/platform/ffi.js
let module = null;
let loaded$1 = null;
/** Undefined where there is no native module for this platform. */
function ffi() {
	if (module !== null) return module;
	module = void 0;
	try {
		module = createRequire(import.meta.url)(`@koromix/koffi-${process.platform}-${process.arch}`);
	} catch {}
	return module;
}
/** Undefined as well on Windows, which has none: see win32.ts. */
function libc() {
	if (loaded$1 !== null) return loaded$1;
	loaded$1 = void 0;
	const found = ffi();
	if (found === void 0 || process.platform === "win32") return void 0;
	try {
		const name = process.platform === "darwin" ? "libSystem.B.dylib" : isMusl() ? null : "libc.so.6";
		loaded$1 = {
			koffi: found,
			libc: found.load(name)
		};
	} catch {}
	return loaded$1;
}
function isMusl() {
	const { header } = process.report.getReport();
	return header.glibcVersionRuntime === void 0;
}
// dist/platform/win32.js
/** Where each is, and its result and arguments in koffi's words. */
const signatures = `
  kernel32 int CloseHandle(intptr_t)
  kernel32 uint32_t GetLastError()
  kernel32 uint64_t LocalFree(uint64_t)
  kernel32 intptr_t CreateEventW(void *, int, int, void *)
  kernel32 int SetEvent(intptr_t)
  kernel32 uint32_t WaitForSingleObject(intptr_t, uint32_t)
  kernel32 intptr_t CreateNamedPipeW(str16, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, void *)
  kernel32 int ConnectNamedPipe(intptr_t, void *)
  kernel32 int GetNamedPipeClientProcessId(intptr_t, void *)
  kernel32 int GetOverlappedResult(intptr_t, void *, void *, int)
  kernel32 int CancelIoEx(intptr_t, void *)
  kernel32 intptr_t OpenProcess(uint32_t, int, uint32_t)
  kernel32 intptr_t GetCurrentProcess()
  kernel32 int GetProcessTimes(intptr_t, void *, void *, void *, void *)
  kernel32 int QueryFullProcessImageNameW(intptr_t, uint32_t, void *, void *)
  advapi32 int OpenProcessToken(intptr_t, uint32_t, void *)
  advapi32 int GetTokenInformation(intptr_t, int, void *, uint32_t, void *)
  advapi32 int ConvertStringSecurityDescriptorToSecurityDescriptorW(str16, uint32_t, void *, void *)
  ntdll int32_t NtQueryInformationProcess(intptr_t, int, void *, uint32_t, void *)
  ntdll int32_t NtQueryInformationFile(intptr_t, void *, void *, uint32_t, int)
  node int uv_open_osfhandle(intptr_t)
`;
let loaded = null;
/** Undefined elsewhere, and where one of them is missing. */
function win32() {
	if (loaded !== null) return loaded;
	loaded = void 0;
	const koffi = ffi();
	if (process.platform !== "win32" || koffi === void 0) return void 0;
	try {
		const functions = { koffi };
		for (const line of signatures.trim().split("\n")) {
			const [, library = "", signature = "", name = ""] = /^\s*(\w+) (.* (\w+)\(.*\))$/.exec(line) ?? [];
			functions[name] = koffi.load(library === "node" ? null : `${library}.dll`).func(signature);
		}
		loaded = functions;
	} catch {}
	return loaded;
}
// dist/platform/windows-process.js
const queryLimitedInformation = 4096;
const tokenQuery = 8;
/** Undefined where there is none (any more), or it is not to be looked at. */
function lookAtProcess(pid) {
	const system = win32();
	if (system === void 0) return void 0;
	return withProcess(system, pid, (process) => {
		const link = linkOf$1(system, process, pid);
		if (link === void 0) return void 0;
		const { executable } = link;
		const sid = sidOf(system, process);
		return {
			parents: ancestors(link, (of) => withProcess(system, of, (parent) => linkOf$1(system, parent, of))),
			...executable === void 0 ? {} : { executable },
			...sid === void 0 ? {} : { sid }
		};
	});
}
function ownSid() {
	const system = win32();
	return system === void 0 ? void 0 : sidOf(system, system.GetCurrentProcess());
}
function withProcess(system, pid, use) {
	const process = system.OpenProcess(queryLimitedInformation, 0, pid);
	if (process === 0) return void 0;
	try {
		return use(process);
	} finally {
		system.CloseHandle(process);
	}
}
function linkOf$1(system, process, pid) {
	const created = Buffer.alloc(8);
	const unused = Buffer.alloc(8);
	const basic = Buffer.alloc(48);
	const processBasicInformation = 0;
	if (system.GetProcessTimes(process, created, unused, unused, unused) === 0) return void 0;
	if (system.NtQueryInformationProcess(process, processBasicInformation, basic, basic.length, null) < 0) return void 0;
	const executable = executableOf(system, process);
	return {
		pid,
		parent: Number(basic.readBigUInt64LE(40)),
		created: created.readBigUInt64LE(),
		...executable === void 0 ? {} : { executable }
	};
}
/** In UTF-16 units. */
const longestPath = 32768;
let name;
function executableOf(system, process) {
	name ??= Buffer.alloc(longestPath * 2);
	const size = Buffer.alloc(4);
	size.writeUInt32LE(longestPath);
	return system.QueryFullProcessImageNameW(process, 0, name, size) === 0 ? void 0 : name.toString("utf16le", 0, size.readUInt32LE() * 2);
}
function sidOf(system, process) {
	const out = Buffer.alloc(8);
	if (system.OpenProcessToken(process, tokenQuery, out) === 0) return void 0;
	const token = Number(out.readBigInt64LE());
	try {
		const tokenUser = 1;
		const user = Buffer.alloc(128);
		if (system.GetTokenInformation(token, tokenUser, user, user.length, Buffer.alloc(4)) === 0) return void 0;
		return sidText(user.subarray(Number(user.readBigUInt64LE() - system.koffi.address(user))));
	} finally {
		system.CloseHandle(token);
	}
}
/** `S-1-5-21-...`: revision, authority (48 bits, the highest first) and sub-authorities (32 bits each, the lowest first). */
function sidText(sid) {
	const subs = Array.from({ length: sid.readUInt8(1) }, (_, index) => sid.readUInt32LE(8 + index * 4));
	return [
		"S",
		sid.readUInt8(0),
		sid.readUIntBE(2, 6),
		...subs
	].join("-");
}
// dist/platform/pipe.js
/** Instances of a pipe that wait for somebody. */
const waiting = 8;
/** Of all pipes together. Node's C runtime has 8192 descriptors, and files want some. */
const mostConnected = 4096;
/** ms */
const untilNextTry = 1e3;
const callers$1 = /* @__PURE__ */ new WeakMap();
const connected = /* @__PURE__ */ new Set();
/** Undefined of what did not come through a pipe that is served here. */
const pipeCaller = (socket) => callers$1.get(socket);
/** Gives the end of it; undefined where Windows' functions cannot be called. Throws where the pipe cannot be made. */
function servePipe(server, name) {
	const system = win32();
	if (system === void 0) return void 0;
	waiter ??= new Waiter(system);
	const pipe = new Pipe(system, waiter.event, server, name);
	waiter.add(pipe);
	server.emit("listening");
	return () => waiter?.remove(pipe);
}
var Pipe = class {
	#system;
	#event;
	#server;
	#name;
	#security;
	#waiting = [];
	#connected = /* @__PURE__ */ new Set();
	constructor(system, event, server, name) {
		this.#system = system;
		this.#event = event;
		this.#server = server;
		this.#name = name;
		this.#security = new Security(system);
		try {
			this.#waiting = [this.#makeInstance(true)];
		} catch (error) {
			this.#security.free();
			throw error;
		}
	}
	/** Takes whoever has connected, and sees to it that the next find an instance. Whether there was anything to do. */
	sweep() {
		const arrived = this.#waiting.filter((each) => !this.#isPending(each));
		const missing = waiting - this.#waiting.length + arrived.length;
		if (missing === 0) return false;
		const added = [];
		try {
			while (added.length < missing) added.push(this.#makeInstance(false));
		} catch {
			if (added.length === 0 && arrived.length === 0) return false;
		}
		this.#waiting = [...this.#waiting.filter((each) => !arrived.includes(each)), ...added];
		for (const { handle } of arrived) this.#take(handle);
		return true;
	}
	get isShort() {
		return this.#waiting.length < waiting;
	}
	close() {
		for (const { handle, overlapped } of this.#waiting) {
			if (overlapped !== void 0 && this.#system.CancelIoEx(handle, overlapped) !== 0) this.#system.GetOverlappedResult(handle, overlapped, Buffer.alloc(4), 1);
			this.#system.CloseHandle(handle);
		}
		this.#waiting = [];
		this.#security.free();
	}
	#makeInstance(isFirst) {
		const [duplex, overlappedFlag, firstInstance] = [
			3,
			1073741824,
			524288
		];
		const [bytes, rejectRemote, unlimited, size] = [
			0,
			8,
			255,
			65536
		];
		const open = duplex | overlappedFlag | (isFirst ? firstInstance : 0);
		const { attributes } = this.#security;
		const handle = this.#system.CreateNamedPipeW(this.#name, open, bytes | rejectRemote, unlimited, size, size, 0, attributes);
		if (handle === -1) throw this.#failure("cannot be made");
		const overlapped = Buffer.from(/* @__PURE__ */ new ArrayBuffer(32));
		overlapped.writeBigInt64LE(BigInt(this.#event), 24);
		const [ioPending, pipeConnected, noData] = [
			997,
			535,
			232
		];
		const error = this.#system.ConnectNamedPipe(handle, overlapped) === 0 ? this.#system.GetLastError() : pipeConnected;
		if (error === ioPending) return {
			handle,
			overlapped
		};
		if (error === pipeConnected || error === noData) return { handle };
		const failure = this.#failure("cannot be connected to");
		this.#system.CloseHandle(handle);
		throw failure;
	}
	#failure(what) {
		const error = this.#system.GetLastError();
		return error === 5 ? new Failure("agent_untrusted", `the pipe ${this.#name} belongs to another process`) : new Failure("unexpected", `the pipe ${this.#name} ${what} (Windows error ${error})`);
	}
	#isPending({ handle, overlapped }) {
		return overlapped !== void 0 && this.#system.GetOverlappedResult(handle, overlapped, Buffer.alloc(4), 0) === 0 && this.#system.GetLastError() === 996;
	}
	#take(handle) {
		const caller = this.#isFull() ? void 0 : this.#callerOf(handle);
		const fd = caller === void 0 ? -1 : this.#system.uv_open_osfhandle(handle);
		if (caller === void 0 || fd < 0) return void this.#system.CloseHandle(handle);
		let socket;
		try {
			socket = new Socket({
				fd,
				readable: true,
				writable: true,
				allowHalfOpen: true
			});
		} catch {
			return closeSync(fd);
		}
		for (const all of [connected, this.#connected]) {
			all.add(socket);
			socket.once("close", () => all.delete(socket));
		}
		callers$1.set(socket, caller);
		this.#server.emit("connection", socket);
	}
	#isFull() {
		return connected.size >= mostConnected || this.#connected.size >= (this.#server.maxConnections ?? mostConnected);
	}
	/** Undefined where nobody is there any more. */
	#callerOf(handle) {
		const out = Buffer.alloc(4);
		if (this.#system.GetNamedPipeClientProcessId(handle, out) === 0) return void 0;
		const pid = out.readUInt32LE();
		const process = lookAtProcess(pid);
		return process !== void 0 && this.#isConnected(handle) ? {
			pid,
			process
		} : { pid };
	}
	#isConnected(handle) {
		const information = Buffer.alloc(40);
		const [filePipeLocalInformation, connectedState] = [24, 3];
		return this.#system.NtQueryInformationFile(handle, Buffer.alloc(16), information, 40, filePipeLocalInformation) >= 0 && information.readUInt32LE(32) === connectedState;
	}
};
/** SECURITY_ATTRIBUTES: everything for this user and the system, nothing for anybody else; not inherited by children. */
var Security = class {
	attributes = Buffer.alloc(24);
	#system;
	#descriptor;
	constructor(system) {
		this.#system = system;
		const out = Buffer.alloc(8);
		const sid = ownSid();
		const revision = 1;
		const access = `D:P(A;;GA;;;SY)(A;;GA;;;${sid})`;
		if (sid === void 0 || system.ConvertStringSecurityDescriptorToSecurityDescriptorW(access, revision, out, null) === 0) throw new Failure("unexpected", `Windows takes no access list for the pipe (error ${system.GetLastError()})`);
		this.#descriptor = out.readBigUInt64LE();
		this.attributes.writeUInt32LE(this.attributes.length);
		this.attributes.writeBigUInt64LE(this.#descriptor, 8);
	}
	free() {
		this.#system.LocalFree(this.#descriptor);
	}
};
/** One thread of Node's pool waits, for all pipes: every connection sets the same event. */
var Waiter = class {
	event;
	#system;
	#pipes = /* @__PURE__ */ new Set();
	#isWaiting = false;
	#nextTry;
	constructor(system) {
		this.#system = system;
		const [resetsItself, isUnset] = [0, 0];
		this.event = system.CreateEventW(null, resetsItself, isUnset, null);
		process.on("exit", () => system.SetEvent(this.event));
	}
	add(pipe) {
		this.#pipes.add(pipe);
		this.#sweep();
	}
	remove(pipe) {
		if (!this.#pipes.delete(pipe)) return;
		pipe.close();
		if (this.#pipes.size === 0) this.#system.SetEvent(this.event);
	}
	#sweep() {
		while ([...this.#pipes].map((pipe) => pipe.sweep()).includes(true)) continue;
		clearTimeout(this.#nextTry);
		if ([...this.#pipes].some((pipe) => pipe.isShort)) this.#nextTry = setTimeout(() => this.#system.SetEvent(this.event), untilNextTry).unref();
		if (this.#isWaiting || this.#pipes.size === 0) return;
		this.#isWaiting = true;
		this.#system.WaitForSingleObject.async(this.event, 4294967295, () => {
			this.#isWaiting = false;
			this.#sweep();
		});
	}
};
let waiter;
// dist/platform/peer.js
let ask$1;
/** Undefined where the system does not say (always on Windows: see pipe.ts). */
function peer(socket) {
	const { fd } = socket._handle ?? {};
	if (fd === void 0 || fd < 0) return void 0;
	const known = peers.get(socket);
	if (known !== void 0) return known;
	ask$1 ??= prepare();
	const found = ask$1(fd);
	if (found !== void 0) peers.set(socket, found);
	return found;
}
const peers = /* @__PURE__ */ new WeakMap();
/** Whether the process at the other end is this user's own, or root's, who could read the agent's memory anyway. */
function isOwnPeer(socket) {
	if (process.platform === "win32") return isOwnOnWindows(socket);
	const uid = peer(socket)?.uid;
	return uid !== void 0 && (uid === process.getuid?.() || uid === 0);
}
/** Whom the pipe's access list has let in is this user or the system; denied is who runs as another all the same. */
function isOwnOnWindows(socket) {
	const theirs = pipeCaller(socket)?.process?.sid;
	return theirs === void 0 || theirs === "S-1-5-18" || theirs === ownSid();
}
function prepare() {
	const found = libc();
	if (found === void 0) return () => void 0;
	const getsockopt = found.libc.func("int getsockopt(int, int, int, void *, void *)");
	const buffer = Buffer.alloc(256);
	const size = Buffer.alloc(4);
	const option = (fd, level, name, length) => {
		size.writeInt32LE(length);
		return getsockopt(fd, level, name, buffer, size) === 0 && size.readInt32LE() >= 4;
	};
	if (process.platform === "linux") {
		const solSocket = 1;
		const soPeercred = 17;
		return (fd) => {
			if (!option(fd, solSocket, soPeercred, 12)) return void 0;
			const [pid, uid, gid] = [
				buffer.readInt32LE(0),
				buffer.readUInt32LE(4),
				buffer.readUInt32LE(8)
			];
			return pid > 0 ? {
				pid,
				uid,
				gid
			} : {
				uid,
				gid
			};
		};
	}
	if (process.platform === "darwin") {
		const solLocal = 0;
		const localPeercred = 1;
		const localPeerpid = 2;
		return (fd) => {
			if (!option(fd, solLocal, localPeercred, 76) || buffer.readUInt32LE(0) !== 0) return void 0;
			const [uid, gid] = [buffer.readUInt32LE(4), buffer.readUInt32LE(12)];
			return option(fd, solLocal, localPeerpid, 4) ? {
				uid,
				gid,
				pid: buffer.readInt32LE(0)
			} : {
				uid,
				gid
			};
		};
	}
	return () => void 0;
}
// dist/platform/caller.js
/** Whether this system tells at all; otherwise everybody is unknown. */
const tellsCallers = () => (process.platform === "win32" ? win32() : libc()) !== void 0;
function callerOf(socket) {
	if (process.platform === "win32") return callerOnWindows(socket);
	const found = peer(socket);
	if (found === void 0) return {
		parents: [],
		isKnown: false
	};
	const { uid, pid } = found;
	if (pid === void 0) return {
		uid,
		parents: [],
		isKnown: false
	};
	return {
		uid,
		pid,
		...(process.platform === "linux" ? recent.of(pid, () => lookOnLinux(socket, pid)) : lookOnMac(pid)) ?? {
			parents: [],
			isKnown: false
		}
	};
}
/** What was seen of a process a moment ago: no pid is given to another in so short a time. */
var Recent = class {
	#lifetime;
	#seen = /* @__PURE__ */ new Map();
	/** `lifetime` in ms. */
	constructor(lifetime) {
		this.#lifetime = lifetime;
	}
	of(pid, look) {
		const now = performance.now();
		const known = this.#seen.get(pid);
		if (known !== void 0 && now - known.at < this.#lifetime) return known.value;
		const value = look();
		if (this.#seen.size >= mostRecent) this.#seen.clear();
		this.#seen.set(pid, {
			at: now,
			value
		});
		return value;
	}
};
const mostRecent = 256;
/** A tool that connects for each of many requests is one program; what it executes next is another. */
const recent = new Recent(100);
/** Of those above it less is said, and a shell stays what it is. */
const recentLinks = new Recent(1e3);
function callerOnWindows(socket) {
	const found = pipeCaller(socket);
	if (found?.process === void 0) return {
		parents: [],
		isKnown: false,
		...found === void 0 ? {} : { pid: found.pid }
	};
	return {
		pid: found.pid,
		isKnown: true,
		...found.process
	};
}
/** Undefined where the process is gone, and its pid perhaps another's. */
function lookOnLinux(socket, pid) {
	const pidfd = pidfdOf(socket);
	if (pidfd === "gone") return void 0;
	try {
		const looked = readProc(pid);
		return pidfd !== void 0 && !isAlive(pidfd, pid) ? void 0 : looked;
	} finally {
		if (pidfd !== void 0) closeSync(pidfd);
	}
}
function readProc(pid) {
	const executable = link$1(`/proc/${pid}/exe`);
	const stat = statOf(pid);
	const container = containerOf(pid);
	return {
		isKnown: stat !== void 0,
		parents: stat === void 0 ? [] : parentsOf(stat.parent),
		...executable === void 0 ? {} : { executable },
		...container === void 0 ? {} : { container },
		...stat?.terminal === void 0 ? {} : { terminal: stat.terminal }
	};
}
function parentsOf(first) {
	const parents = [];
	for (let pid = first; pid > 0 && parents.length < 16;) {
		const at = pid;
		const { parent, ...process } = recentLinks.of(at, () => linkOf(at));
		parents.push(process);
		pid = parent;
	}
	return parents;
}
function linkOf(pid) {
	const executable = link$1(`/proc/${pid}/exe`);
	return {
		pid,
		parent: statOf(pid)?.parent ?? 0,
		...executable === void 0 ? {} : { executable }
	};
}
/** proc(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr. */
function statOf(pid) {
	const text = readStart(`/proc/${pid}/stat`);
	if (text === void 0) return void 0;
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	const terminal = terminalName(Number(fields[4]));
	return {
		parent: Number(fields[1]),
		...terminal === void 0 ? {} : { terminal }
	};
}
function terminalName(device) {
	const major = device >> 8 & 4095;
	const minor = device & 255 | device >> 12 & 1048320;
	if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
	if (major === 4) return `tty${minor}`;
}
/** A mount namespace of its own is what all of them have. */
function containerOf(pid) {
	const theirs = link$1(`/proc/${pid}/ns/mnt`);
	ownNamespace ??= link$1("/proc/self/ns/mnt");
	if (theirs === void 0 || theirs === ownNamespace) return void 0;
	const cgroup = read$1(`/proc/${pid}/cgroup`) ?? "";
	const found = /(?:^|[/-])(docker|libpod|crio|cri-containerd|lxc)[-/]([0-9a-f]{12,64})/m.exec(cgroup);
	const id = found?.[2] ?? /\/([0-9a-f]{64})(?:[/.]|$)/m.exec(cgroup)?.[1];
	const engine = found?.[1] === void 0 ? void 0 : engines[found[1]] ?? found[1];
	return {
		...id === void 0 ? {} : { id },
		...engine === void 0 ? {} : { engine }
	};
}
let ownNamespace;
const engines = {
	libpod: "podman",
	"cri-containerd": "containerd",
	crio: "cri-o"
};
function link$1(path) {
	try {
		return readlinkSync(path);
	} catch {
		return;
	}
}
function read$1(path) {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return;
	}
}
const start = Buffer.alloc(1024);
/** Of a file of /proc, which gives all of a short one at once. */
function readStart(path) {
	let file;
	try {
		file = openSync(path, "r");
		return start.toString("latin1", 0, readSync(file, start));
	} catch {
		return;
	} finally {
		if (file !== void 0) closeSync(file);
	}
}
/** Some kernels give no pidfd of a process that has ended, and say ESRCH or EINVAL in place of this. */
const noSuchOption = 92;
let askPidfd;
/** To be closed. */
function pidfdOf(socket) {
	const { fd } = socket._handle ?? {};
	if (fd === void 0 || fd < 0) return void 0;
	askPidfd ??= preparePidfd();
	return askPidfd(fd);
}
function preparePidfd() {
	const found = libc();
	if (found === void 0) return () => void 0;
	const getsockopt = found.libc.func("int getsockopt(int, int, int, void *, void *)");
	const [solSocket, soPeerpidfd] = [1, 77];
	const [buffer, size] = [Buffer.alloc(4), Buffer.alloc(4)];
	return (fd) => {
		size.writeInt32LE(4);
		if (getsockopt(fd, solSocket, soPeerpidfd, buffer, size) === 0) return buffer.readInt32LE();
		return found.koffi.errno() === noSuchOption ? void 0 : "gone";
	};
}
/** `Pid: -1` once it is dead. */
function isAlive(pidfd, pid) {
	const info = readStart(`/proc/self/fdinfo/${pidfd}`);
	return info === void 0 || Number(/^Pid:\s*(-?\d+)/m.exec(info)?.[1]) === pid;
}
function lookOnMac(pid) {
	const found = libc();
	if (found === void 0 || process.platform !== "darwin") return void 0;
	const pathOf = found.libc.func("int proc_pidpath(int, void *, uint32_t)");
	const infoOf = found.libc.func("int proc_pidinfo(int, int, uint64_t, void *, int)");
	const executableOf = (of) => {
		const buffer = Buffer.alloc(4096);
		const length = pathOf(of, buffer, buffer.length);
		return length > 0 ? buffer.toString("utf8", 0, length) : void 0;
	};
	const parentOf = (of) => {
		const buffer = Buffer.alloc(136);
		return infoOf(of, 3, 0, buffer, buffer.length) > 0 ? buffer.readUInt32LE(16) : 0;
	};
	const parents = [];
	for (let at = parentOf(pid); at > 0 && parents.length < 16; at = parentOf(at)) {
		const executable = executableOf(at);
		parents.push({
			pid: at,
			...executable === void 0 ? {} : { executable }
		});
	}
	const executable = executableOf(pid);
	return {
		isKnown: executable !== void 0,
		parents,
		...executable === void 0 ? {} : { executable }
	};
}
// dist/platform/clock.js
/** setTimeout takes a longer delay for none at all. */
const longestDelay = 2 ** 31 - 1;
const systemClock = {
	now: () => Date.now(),
	after: (delay, callback) => {
		const timer = setTimeout(callback, Math.min(delay, longestDelay));
		return () => clearTimeout(timer);
	}
};
// dist/platform/fault-points.js
/**
* `AUTHSOCK_FAULT_POINT=N` kills the process, as kill -9 does, at the Nth place from the first refresh on, and says on stderr
* which one it was.
*/
function faultPoint(env) {
	const fatal = Number(env["AUTHSOCK_FAULT_POINT"]);
	if (!Number.isInteger(fatal) || fatal < 1) return void 0;
	let passed = 0;
	return (place) => {
		if (passed === 0 && place !== "before acquire_lock") return;
		passed += 1;
		if (passed !== fatal) return;
		writeSync(2, `fault point ${passed}: ${place}\n`);
		process.kill(process.pid, "SIGKILL");
	};
}
/** Each call of a method of `target` becomes two places. */
function withFaultPoints(target, methods, at) {
	const copy = { ...target };
	for (const name of methods) {
		const method = target[name];
		const replaced = async (...args) => {
			at(`before ${name}`);
			const result = await method(...args);
			at(`after ${name}`);
			return result;
		};
		copy[name] = replaced;
	}
	return copy;
}
// dist/platform/hardening.js
/**
* Loads code (LD_*, DYLD_*, NODE_OPTIONS ...), opens a debugger, writes secrets out (SSLKEYLOGFILE, NODE_DEBUG), or turns TLS
* verification off (P19). NODE_EXTRA_CA_CERTS goes too: a private CA is named in the profile. So does what the command line
* takes a client secret from: it is in the vault, and no business of a process that lives for weeks (L5).
*/
const dangerous = /^(LD_.*|DYLD_.*|NODE_OPTIONS|NODE_DEBUG.*|NODE_V8_COVERAGE|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|NODE_PATH|NODE_REPL_.*|NODE_INSPECT.*|NODE_REDIRECT_WARNINGS|NODE_USE_ENV_PROXY|NODE_COMPILE_CACHE|SSLKEYLOGFILE|SSL_CERT_FILE|SSL_CERT_DIR|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|GCONV_PATH|AUTHSOCK_CLIENT_SECRET|MALLOC_.*|UV_.*)$/;
const isDangerous = (name) => dangerous.test(name);
/** A copy without what may not reach the agent. */
function cleanEnvironment(env) {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !isDangerous(name)));
}
const isClean = () => process.execArgv.length === 0 && !Object.keys(process.env).some(isDangerous);
/**
* Starts this process anew where it was started with an environment or options that may not reach the agent: same pid, same
* descriptors, so that socket activation goes on to work. Where Node cannot do that (Windows), the names are removed from the
* environment, which is all that children see.
*/
function startClean() {
	if (isClean()) return;
	const env = cleanEnvironment(process.env);
	const { execve } = process;
	if (process.platform !== "win32" && execve !== void 0) {
		process.removeAllListeners("warning");
		process.on("warning", () => {});
		execve.call(process, process.execPath, [process.execPath, ...process.argv.slice(1)], env);
	}
	for (const name of Object.keys(process.env)) if (isDangerous(name)) delete process.env[name];
}
/**
* What a tool had open when it started an agent (a lock, most of all) is not to stay so for weeks. Node's own descriptors close
* when another program is executed; the first few, sockets of systemd's among them, it has set so whosever they are.
*/
function closeInherited(library, keep) {
	const [getFlags, closesOnExec, firstFew] = [
		1,
		1,
		16
	];
	const flagsOf = library.func("int fcntl(int, int)");
	const folder = process.platform === "linux" ? "/proc/self/fd" : "/dev/fd";
	for (const fd of readdirSync(folder).map(Number)) {
		if (fd < firstFew || fd === keep) continue;
		const flags = flagsOf(fd, getFlags);
		if (flags >= 0 && (flags & closesOnExec) === 0) closeSync(fd);
	}
}
/** Of this process, from now on. `keep`: a descriptor that it was given to read from. */
function harden(keep) {
	process.umask(63);
	if (process.platform !== "win32") process.on("SIGUSR1", () => {});
	const found = libc();
	if (found === void 0) return;
	closeInherited(found.libc, keep);
	found.libc.func("int setrlimit(int, void *)")(4, Buffer.alloc(16));
	if (process.platform === "linux") found.libc.func("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)")(4, 0, 0, 0, 0);
	if (process.platform === "darwin") found.libc.func("int ptrace(int, int, void *, int)")(31, 0, null, 0);
}
// dist/platform/listen.js
/** The first descriptor of sd_listen_fds(3). */
const firstInherited = 3;
/**
* The socket that systemd passed, if it passed one to this process. Forgets the variables, so that no child takes them for its
* own. Throws bad_request where more than one was passed.
*/
function inheritedSocket(env, pid = process.pid) {
	const { LISTEN_PID: forPid, LISTEN_FDS: count } = env;
	for (const name of [
		"LISTEN_PID",
		"LISTEN_FDS",
		"LISTEN_FDNAMES"
	]) delete env[name];
	if (forPid === void 0 || count === void 0 || Number(forPid) !== pid) return void 0;
	if (count !== "1") throw new Failure("bad_request", `LISTEN_FDS is ${count}, not 1`, { hint: "give the unit one ListenStream" });
	return { fd: firstInherited };
}
/**
* Listens; only for whoever holds the agent lock, since what lies at the path is removed. `mode` lets others connect where the
* folder lets them come: it is the socket's from the beginning, since others may by then have put a link in its place. Gives the
* function that removes the socket again, unless another has taken its place.
*/
async function listenOn(server, path, mode = 384) {
	if (process.platform === "win32") return listenOnPipe(server, path);
	if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
	const umask = process.umask(511 & ~mode);
	let started;
	try {
		started = listening(server, { path });
	} finally {
		process.umask(umask);
	}
	await started;
	const ino = lstatSync(path, { throwIfNoEntry: false })?.ino;
	return () => {
		if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
	};
}
/** Listens on what systemd passed; the socket is systemd's to remove. */
async function listenOnInherited(server, fd) {
	await listening(server, { fd });
	return () => {};
}
/** `port` 0: any that is free. Gives the port. Throws bad_request where it is taken. */
async function listenOnLoopback(server, port) {
	const host = "127.0.0.1";
	try {
		await listening(server, {
			host,
			port
		});
	} catch (error) {
		throw new Failure("bad_request", `port ${port} of ${host} cannot be used: ${error.code}`, {
			hint: "choose another, or none for any that is free",
			cause: error
		});
	}
	return server.address().port;
}
/** A pipe has no folder that guards it: its name is not to be guessed, and stands in a file that only the user can read. */
async function listenOnPipe(server, file) {
	const name = `\\\\.\\pipe\\authsock-${randomBytes(16).toString("hex")}`;
	const stop = servePipe(server, name);
	if (stop === void 0) await listening(server, { path: name });
	writeFileSync(`${file}.new`, name, { mode: 384 });
	renameSync(`${file}.new`, file);
	return () => {
		stop?.();
		if (readFileSync(file, "utf8") === name) rmSync(file, { force: true });
	};
}
async function listening(server, where) {
	const started = once(server, "listening");
	server.listen({
		...where,
		backlog: 4096
	});
	await started;
}
// dist/platform/local-lock.js
let flock;
/** EWOULDBLOCK, of Linux and of macOS. Anything else means that this file system has no such lock. */
const taken = /* @__PURE__ */ new Set([11, 35]);
/** Whether this platform has such a lock; Windows has not. */
const hasLocalLock = () => process.platform !== "win32" && libc() !== void 0;
/** Throws where the file cannot be opened. Node opens with O_CLOEXEC, so no child inherits the lock. */
const tryLocalLock = (path) => {
	flock ??= libc()?.libc.func("int flock(int, int)");
	if (flock === void 0) return () => {};
	const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 384);
	if (flock(fd, 6) === 0) return () => closeSync(fd);
	const errno = libc()?.koffi.errno();
	closeSync(fd);
	return errno === void 0 || taken.has(errno) ? void 0 : () => {};
};
// dist/platform/paths.js
/** Throws bad_request where `AUTHSOCK` is not usable. */
function paths(env = process.env, platform = process.platform, home = homedir()) {
	const { config, state, runtime, cache } = folders(env, platform, home);
	const socket = env["AUTHSOCK"] === void 0 || env["AUTHSOCK"] === "" ? join(runtime, socketName(platform)) : env["AUTHSOCK"];
	checkSocketPath(socket, platform);
	return {
		configFile: join(config, "config.toml"),
		stateDirectory: state,
		vaultDirectory: join(state, "vault"),
		runtimeDirectory: join(socket, ".."),
		socket,
		agentLock: `${socket}.lock`,
		logFile: join(state, "agent.log"),
		auditFile: join(state, "audit.log"),
		sharesDirectory: join(socket, "..", "shares"),
		sharesFile: join(state, `shares-${createHash("sha256").update(`${machineId()}${socket}`).digest("hex").slice(0, 12)}.json`),
		seenFolder: join(cache, "generations")
	};
}
/** Machines that share a home have one: systemd's. Elsewhere a home is one machine's. */
function machineId() {
	try {
		return readFileSync("/etc/machine-id", "utf8").trim();
	} catch {
		return "";
	}
}
const socketName = (platform) => platform === "win32" ? "agent.pipe" : "agent.sock";
function folders(env, platform, home) {
	if (platform === "win32") {
		const base = join(absolute(env["LOCALAPPDATA"]) ?? join(home, "AppData", "Local"), "authsock");
		return {
			config: base,
			state: base,
			runtime: base,
			cache: join(base, "cache")
		};
	}
	if (platform === "darwin" && env["XDG_STATE_HOME"] === void 0 && env["XDG_CONFIG_HOME"] === void 0) {
		const base = join(home, "Library", "Application Support", "authsock");
		return {
			config: base,
			state: base,
			runtime: base,
			cache: join(home, "Library", "Caches", "authsock")
		};
	}
	const state = join(absolute(env["XDG_STATE_HOME"]) ?? join(home, ".local", "state"), "authsock");
	const runtime = absolute(env["XDG_RUNTIME_DIR"]);
	return {
		config: join(absolute(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "authsock"),
		state,
		cache: join(absolute(env["XDG_CACHE_HOME"]) ?? join(home, ".cache"), "authsock"),
		runtime: runtime === void 0 ? state : join(runtime, "authsock")
	};
}
/** The XDG specification: a path that is not absolute is to be ignored. */
const absolute = (path) => path !== void 0 && isAbsolute(path) ? path : void 0;
/** sun_path, with its closing NUL: 108 bytes on Linux, 104 on macOS and the BSDs. A longer path is silently cut by some systems. */
function checkSocketPath(socket, platform) {
	if (/^https?:/i.test(socket)) throw new Failure("bad_request", `AUTHSOCK is '${socket}', a share's address: this is for the machine that its agent runs on`, { hint: "by a share there are tokens and helpers alone; without AUTHSOCK it is about this machine" });
	if (platform === "win32") return;
	if (!isAbsolute(socket)) throw new Failure("bad_request", `AUTHSOCK is '${socket}', not an absolute path`, { hint: "set AUTHSOCK to an absolute path" });
	const most = (platform === "linux" ? 108 : 104) - 1;
	const length = Buffer.byteLength(socket);
	if (length > most) throw new Failure("bad_request", `the socket's path has ${length} bytes and the system takes ${most}: ${socket}`, { hint: "set AUTHSOCK to a shorter path in a folder of your own" });
}
// dist/platform/desktop.js
const names = [
	"DISPLAY",
	"WAYLAND_DISPLAY",
	"XAUTHORITY",
	"XDG_CURRENT_DESKTOP",
	"DBUS_SESSION_BUS_ADDRESS"
];
/** ms. */
const patience$6 = 2e3;
const hasDisplay = (env) => [env["DISPLAY"], env["WAYLAND_DISPLAY"]].some((each) => (each ?? "") !== "");
/** Environments in which a desktop may be shown something, the likeliest first; none where there is no desktop. */
async function* desktops(env = process.env) {
	const locale = [
		"LC_ALL",
		"LC_CTYPE",
		"LANG"
	].some((name) => (env[name] ?? "") !== "") ? {} : { LANG: "C.UTF-8" };
	if (process.platform !== "linux") {
		yield env;
		return;
	}
	if (hasDisplay(env)) yield {
		...env,
		...locale
	};
	const told = await environmentOfSystemd(env);
	if (names.some((name) => told[name] !== void 0 && told[name] !== env[name]) && hasDisplay(told)) yield {
		...env,
		...locale,
		...told
	};
}
function environmentOfSystemd(env) {
	return new Promise((resolve) => {
		execFile("systemctl", ["--user", "show-environment"], {
			env,
			timeout: patience$6
		}, (error, stdout) => {
			if (error !== null) return resolve({});
			const pairs = stdout.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
			resolve(Object.fromEntries(pairs.filter(([name, value]) => names.some((each) => each === name) && !value.startsWith("$"))));
		});
	});
}
function isOnPath(name, env) {
	return (env["PATH"] ?? "").split(delimiter).some((folder) => {
		try {
			accessSync(join(folder, name), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}
// dist/platform/notify.js
async function notify(command, title, text) {
	const env = await surroundings();
	const [program, ...args] = command === void 0 ? ofDesktop$1(env, title, text) : command.length === 0 ? [] : [
		...command,
		title,
		text
	];
	if (program === void 0) return;
	const child = spawn(program, args, {
		stdio: "ignore",
		detached: true,
		windowsHide: true,
		env
	});
	child.on("error", () => {});
	child.unref();
}
async function surroundings() {
	for await (const env of desktops()) return env;
	return process.env;
}
function ofDesktop$1(env, title, text) {
	if (process.platform === "darwin") return [
		"osascript",
		"-e",
		"on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run",
		title,
		text
	];
	if (process.platform !== "linux" || !hasBus(env)) return [];
	return [
		"notify-send",
		"--app-name=authsock",
		"--",
		title,
		markup(text)
	];
}
/** Who shows notifications is found on the session's bus. */
const hasBus = ({ DBUS_SESSION_BUS_ADDRESS: address = "", XDG_RUNTIME_DIR: folder = "" }) => address !== "" || folder !== "" && existsSync(join(folder, "bus"));
/** The text of a notification may hold tags and links, and notify-send reads escapes in it; a title has neither. */
const markup = (text) => text.replaceAll("\\", "�").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
// dist/platform/prompt-programs.js
/** In the order in which they are tried. */
function ofDesktop(platform) {
	if (platform === "darwin") return [osascript];
	if (platform === "win32") return [powershell];
	return [
		zenity,
		kdialog,
		...pinentries
	];
}
const hours = 8;
const title = "authsock";
const choices = {
	once: "Allow",
	longer: `Allow for ${hours} hours`,
	always: "Always",
	no: "Deny"
};
const yes = { decision: "allow" };
const no = { decision: "deny" };
const chosen = (said) => said === choices.once ? yes : said === choices.longer ? {
	...yes,
	remember: hours * 3600
} : said === choices.always ? {
	...yes,
	remember: "always"
} : said === choices.no ? no : void 0;
const whole = ({ text, details }) => [text, ...details.length === 0 ? [] : ["", ...details]].join("\n");
const zenity = {
	name: "zenity",
	args: (question) => [
		"--question",
		`--title=${title}`,
		"--no-markup",
		"--default-cancel",
		"--width=480",
		"--icon-name=dialog-password",
		`--text=${whole(question).replaceAll("\\", "�")}`,
		`--ok-label=${choices.once}`,
		`--cancel-label=${choices.no}`,
		`--extra-button=${choices.longer}`,
		`--extra-button=${choices.always}`
	],
	reply: (code, said, complaint) => code === 0 ? yes : code !== 1 || /open display/i.test(complaint) ? void 0 : chosen(said) ?? no
};
const escapeHtml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>");
/** A list, because a question has three buttons at most, and yes is what Enter would press. */
const kdialog = {
	name: "kdialog",
	args: (question) => [
		"--title",
		title,
		"--default",
		choices.no,
		"--menu",
		`<qt>${escapeHtml(whole(question))}</qt>`,
		...[
			choices.no,
			choices.once,
			choices.longer,
			choices.always
		].flatMap((each) => [each, each])
	],
	reply: (code, said) => code === 0 ? chosen(said) : code === 1 ? no : void 0
};
/** Assuan: a line each, %-escaped, of 1000 bytes at most. */
function assuan(text) {
	let line = "";
	for (const character of text) {
		const escaped = /[\p{Cc}%]/u.test(character) ? `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, "0")}` : character;
		if (Buffer.byteLength(line + escaped) > 960) return `${line}\u2026`;
		line += escaped;
	}
	return line;
}
const pinentry = (name) => {
	const commands = (question) => [
		"OPTION no-grab",
		`SETTITLE ${title}`,
		`SETDESC ${assuan(whole(question))}`,
		`SETOK ${choices.once}`,
		`SETCANCEL ${choices.no}`,
		"CONFIRM"
	];
	return {
		name,
		args: () => [],
		input: (question) => `${[...commands(question), "BYE"].join("\n")}\n`,
		reply: (_, said) => {
			const answer = said.split("\n").filter((line) => /^(OK|ERR)\b/.test(line))[commands({
				text: "",
				details: []
			}).length] ?? "";
			if (/^OK\b/.test(answer)) return yes;
			return [99, 114].includes(Number(/^ERR (\d+)/.exec(answer)?.[1] ?? 0) & 65535) ? no : void 0;
		}
	};
};
const pinentries = [
	"pinentry-qt",
	"pinentry-gtk-2",
	"pinentry-gnome3",
	"pinentry-x11",
	"pinentry-fltk",
	"pinentry"
].map(pinentry);
const osascript = {
	name: "osascript",
	args: (question) => [
		"-e",
		`on run argv
set chosen to choose from list {"${choices.no}", "${choices.once}", "${choices.longer}", "${choices.always}"} with title "${title}" with prompt (item 1 of argv) default items {"${choices.no}"}
if chosen is false then return "${choices.no}"
return item 1 of chosen
end run`,
		whole(question)
	],
	reply: (code, said) => code === 0 ? chosen(said) : void 0
};
/** The question comes in its environment: an argument would be read as a command. */
const powershell = {
	name: "powershell.exe",
	args: () => [
		"-NoProfile",
		"-NonInteractive",
		"-Command",
		"Add-Type -AssemblyName System.Windows.Forms; $a = [System.Windows.Forms.MessageBox]::Show($env:AUTHSOCK_QUESTION, 'authsock', 'YesNo', 'Warning', 'Button2'); if ($a -ne 'Yes') { exit 1 }"
	],
	reply: (code) => code === 0 ? yes : no
};
/**
* A command of the user's says `allow` or `deny`, and then perhaps for how long: seconds, `session` or `always`; or nothing, and
* then its exit code is the answer: 0 is a yes.
*/
const byCommand = ([name = "", ...args]) => ({
	name,
	args: ({ text }) => [...args, text],
	reply: (code, said) => {
		const [first = "", second] = (said.split("\n")[0] ?? "").trim().split(/\s+/);
		const [word, span] = first === "session" || first === "always" ? ["allow", first] : [first, second];
		const decision = word === "deny" || code !== 0 ? "deny" : "allow";
		const seconds = Number(span);
		if (word !== decision) return { decision };
		if (span === "session" || span === "always") return {
			decision,
			remember: span
		};
		return Number.isSafeInteger(seconds) && seconds > 0 ? {
			decision,
			remember: seconds
		} : { decision };
	}
});
// dist/platform/prompt.js
/** Undefined where nobody can be asked in this way: then `authsock approve` is what is left. */
async function askOnDesktop(command, question, signal) {
	if (command !== void 0) {
		for await (const env of desktops()) return ask(byCommand(command), question, env, signal);
		return ask(byCommand(command), question, process.env, signal);
	}
	for await (const env of desktops()) for (const program of ofDesktop(process.platform)) {
		if (signal.aborted) return void 0;
		if (process.platform === "linux" && !isOnPath(program.name, env)) continue;
		const reply = await ask(program, question, env, signal);
		if (reply !== void 0) return reply;
	}
}
/** What a program has to say is short. */
const longest = 4e3;
function ask(program, question, env, signal) {
	return new Promise((resolve) => {
		const hasGroup = process.platform !== "win32";
		const child = spawn(program.name, program.args(question), {
			stdio: [
				"pipe",
				"pipe",
				"pipe"
			],
			detached: hasGroup,
			windowsHide: true,
			env: {
				...env,
				AUTHSOCK_QUESTION: question.text
			}
		});
		const end = () => {
			try {
				if (hasGroup && child.pid !== void 0) process.kill(-child.pid, "SIGKILL");
				else child.kill();
			} catch {}
			resolve(void 0);
		};
		signal.addEventListener("abort", end, { once: true });
		if (signal.aborted) end();
		const said = {
			stdout: "",
			stderr: ""
		};
		for (const stream of ["stdout", "stderr"]) child[stream].on("data", (chunk) => {
			said[stream] = (said[stream] + chunk.toString()).slice(0, longest);
		});
		child.stdin.on("error", () => {});
		child.stdin.end(program.input?.(question) ?? "");
		child.on("error", () => resolve(void 0));
		child.on("close", (code) => {
			signal.removeEventListener("abort", end);
			resolve(code === null ? void 0 : program.reply(code, said.stdout.trim(), said.stderr));
		});
	});
}
// dist/platform/screen.js
const destination = "org.freedesktop.login1";
const session = `${destination}.Session`;
/** ms. */
const [firstPause$1, longestPause$1, patience$5] = [
	1e3,
	3e5,
	5e3
];
const gdbus = {
	watch: [
		"gdbus",
		"monitor",
		"--system",
		"--dest",
		destination
	],
	ask: (path) => [
		"gdbus",
		"call",
		"--system",
		"--timeout",
		"4",
		"--dest",
		destination,
		"--object-path",
		path,
		"--method",
		"org.freedesktop.DBus.Properties.Get",
		session,
		"User"
	],
	reader: () => (line) => {
		const [, path, what = ""] = /^(\/[\w/]+): org\.freedesktop\.(.*)$/.exec(line) ?? [];
		const isLock = what === "login1.Session.Lock ()";
		const isHint = what.startsWith(`DBus.Properties.PropertiesChanged ('${session}'`) && what.includes("'LockedHint': <true>");
		return isLock || isHint ? path : void 0;
	}
};
const dbusMonitor = {
	watch: [
		"dbus-monitor",
		"--system",
		`type='signal',sender='${destination}'`
	],
	ask: (path) => [
		"dbus-send",
		"--system",
		"--print-reply",
		"--reply-timeout=4000",
		`--dest=${destination}`,
		path,
		"org.freedesktop.DBus.Properties.Get",
		`string:${session}`,
		"string:User"
	],
	reader: () => {
		let at;
		let isHint = false;
		return (line) => {
			const [, path, face, member] = /^signal .* path=([^;]+); interface=([^;]+); member=(\w+)$/.exec(line) ?? [];
			if (path !== void 0) {
				at = {
					path,
					isChange: member === "PropertiesChanged"
				};
				isHint = false;
				return face === session && member === "Lock" ? path : void 0;
			}
			const wasHint = isHint;
			isHint = line.trim() === "string \"LockedHint\"";
			return wasHint && at?.isChange === true && /\bboolean true$/.test(line) ? at.path : void 0;
		};
	}
};
/** Calls back for the sessions of this user alone. Does nothing where there is no logind to ask. */
function watchScreenLock(locked) {
	if (process.platform !== "linux") return () => {};
	let isOver = false;
	let stop = () => {};
	const run = (monitors, pause) => {
		const [monitor, ...others] = monitors;
		if (monitor === void 0 || isOver) return;
		const startedAt = Date.now();
		const [program = "", ...args] = monitor.watch;
		const child = spawn(program, args, { stdio: [
			"ignore",
			"pipe",
			"ignore"
		] });
		const read = monitor.reader();
		createInterface({ input: child.stdout }).on("line", (line) => {
			const path = read(line);
			if (path === void 0 || isOver) return;
			ownerOf$1(monitor, path).then((uid) => {
				if (!isOver && (uid === void 0 || uid === process.getuid?.())) locked();
			});
		});
		let isThere = true;
		child.on("error", () => {
			isThere = false;
			run(others, pause);
		});
		child.on("close", () => {
			if (!isThere || isOver) return;
			const next = Date.now() - startedAt > longestPause$1 ? firstPause$1 : pause;
			const timer = setTimeout(() => run(monitors, Math.min(2 * next, longestPause$1)), next);
			timer.unref();
			stop = () => clearTimeout(timer);
		});
		stop = () => void child.kill();
	};
	run([gdbus, dbusMonitor], firstPause$1);
	return () => {
		isOver = true;
		stop();
	};
}
function ownerOf$1({ ask }, path) {
	const [program = "", ...args] = ask(path);
	return new Promise((resolve) => {
		execFile(program, args, { timeout: patience$5 }, (_, stdout) => {
			const uid = /\buint32 (\d+)/.exec(stdout)?.[1];
			resolve(uid === void 0 ? void 0 : Number(uid));
		});
	});
}
// dist/platform/single-instance.js
/** The release, or undefined where another agent holds it. Throws where the file cannot be opened. */
async function takeAgentLock(path) {
	if (!hasLocalLock()) return holdByListening(lockPipe(path));
	const release = tryLocalLock(path);
	if (release !== void 0) writeFileSync(path, `${process.pid}\n`);
	return release;
}
const lockPipe = (path) => process.platform === "win32" ? `\\\\.\\pipe\\authsock-lock-${createHash("sha256").update(path.toLowerCase()).digest("hex").slice(0, 32)}` : `${path}.held`;
/** An address at which only one process can listen. Nobody is answered there. */
async function holdByListening(address) {
	const server = createServer((socket) => socket.destroy());
	try {
		const listening = once(server, "listening");
		server.listen(address);
		await listening;
	} catch (error) {
		if (error.code === "EADDRINUSE") return void 0;
		throw error;
	}
	server.unref();
	return () => server.close();
}
// dist/platform/socket-folder.js
const me = () => process.getuid?.() ?? -1;
const groupOrOthersWrite = 18;
const groupOrOthers = 63;
const sticky = 512;
const untrusted = (message) => new Failure("agent_untrusted", message);
/** Creates the folder of a socket, or refuses it: it and all above it must be ours or root's, and no link. Throws agent_untrusted. */
function prepareSocketFolder(folder) {
	if (process.platform === "win32") {
		mkdirSync(folder, { recursive: true });
		return;
	}
	mkdirSync(folder, {
		recursive: true,
		mode: 448
	});
	const stats = lstatSync(folder);
	if (!stats.isDirectory()) throw untrusted(`${folder} is not a folder`);
	if (stats.uid !== me()) throw untrusted(`${folder} belongs to another user (uid ${stats.uid})`);
	if ((stats.mode & groupOrOthers) !== 0) throw untrusted(`${folder} is open to others (mode ${mode(stats)}): chmod 700 it`);
	checkAncestors(folder);
}
/** Of what lies above: whoever can rename a folder can put another in its place. */
function checkAncestors(folder) {
	for (let path = dirname(folder);; path = dirname(path)) {
		const stats = lstatSync(path);
		const swappable = (stats.mode & groupOrOthersWrite) !== 0 && (stats.mode & sticky) === 0;
		if (!stats.isSymbolicLink() && swappable && !isOwnGroup(stats)) throw untrusted(`${path} above the socket can be written by others (mode ${mode(stats)})`);
		if (stats.uid !== me() && stats.uid !== 0) throw untrusted(`${path} above the socket belongs to uid ${stats.uid}`);
		if (path === dirname(path)) return;
	}
}
/** A folder of ours that only our own private group may write to, as Debian makes home folders. */
const isOwnGroup = (stats) => stats.uid === me() && (stats.mode & 2) === 0 && stats.gid === process.getgid?.() && stats.gid === stats.uid;
const mode = (stats) => (stats.mode & 4095).toString(8);
// dist/vault/disk.js
const codeOf$1 = (error) => error.code;
const realDisk = {
	async read(path) {
		try {
			return await readFile(path);
		} catch (error) {
			if (codeOf$1(error) === "ENOENT") return void 0;
			throw error;
		}
	},
	async create(path, content) {
		const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 384);
		try {
			await file.writeFile(content);
			await file.sync();
		} catch (error) {
			await unlink(path).catch(() => {});
			throw error;
		} finally {
			await file.close();
		}
	},
	async link(from, to) {
		try {
			await link(from, to);
		} catch (error) {
			if (![
				"EPERM",
				"ENOTSUP",
				"EOPNOTSUPP",
				"ENOSYS",
				"EXDEV",
				"EMLINK"
			].includes(codeOf$1(error) ?? "")) throw error;
			await copyFile(from, to, constants.COPYFILE_EXCL);
			await sync(to, constants.O_RDWR);
		}
	},
	rename,
	async remove(path) {
		try {
			await unlink(path);
		} catch (error) {
			if (codeOf$1(error) !== "ENOENT") throw error;
		}
	},
	async syncFolder(path) {
		if (process.platform !== "win32") await sync(path, constants.O_RDONLY | constants.O_DIRECTORY);
	},
	list: (path) => readdir(path),
	async makeFolder(path) {
		await mkdir(path, {
			recursive: true,
			mode: 448
		});
		if (process.platform === "win32") return;
		const { uid, mode } = await stat(path);
		if (uid !== process.getuid?.()) throw new Failure("storage_failed", `${path} belongs to another user (uid ${uid})`);
		if ((mode & 63) !== 0) await chmod(path, 448);
	},
	async modifiedAt(path) {
		try {
			return (await lstat(path)).mtimeMs;
		} catch (error) {
			if (codeOf$1(error) === "ENOENT") return void 0;
			throw error;
		}
	}
};
async function sync(path, flags) {
	const file = await open(path, flags);
	try {
		await file.sync();
	} finally {
		await file.close();
	}
}
const sentences = {
	ENOSPC: "the disk is full",
	EDQUOT: "the disk quota is used up",
	EROFS: "the file system is read-only",
	EACCES: "permission is denied",
	EPERM: "permission is denied",
	EIO: "the disk has an error",
	EMFILE: "no file descriptors are left",
	ENFILE: "no file descriptors are left"
};
/** Whatever a disk throws, as storage_failed; a Failure stays what it is. */
function diskFailure(error, what) {
	if (error instanceof Failure) return error;
	const code = codeOf$1(error) ?? "unknown error";
	return new Failure("storage_failed", `${what}: ${sentences[code] ?? code}`, { cause: error });
}
// dist/vault/locks.js
/** ms. A holder touches its lock every `update`; one not touched for `stale` has died on another host. */
const stale = 1e4;
const update = 2500;
const shortestWait = 5;
const longestWait$1 = 250;
function sessionLocks(options) {
	const queues = /* @__PURE__ */ new Map();
	return { async acquire(id, timeout, signal) {
		const deadline = performance.now() + timeout;
		const before = queues.get(id) ?? Promise.resolve();
		let leave = () => {};
		const turn = new Promise((resolve) => {
			leave = resolve;
		});
		const place = before.then(() => turn);
		queues.set(id, place);
		place.then(() => {
			if (queues.get(id) === place) queues.delete(id);
		});
		try {
			await inTime(before, deadline, signal);
			const held = await acquireAcross(options, id, deadline, signal);
			return {
				isHeld: () => held.isHeld(),
				release: once$1(async () => {
					await held.release();
					leave();
				})
			};
		} catch (error) {
			leave();
			throw error;
		}
	} };
}
async function acquireAcross(options, id, deadline, signal) {
	const { directory, tryLocalLock, onWarning } = options;
	await attempt$1(() => mkdir(directory, {
		recursive: true,
		mode: 448
	}));
	const dropLocal = await waitFor(deadline, signal, async () => tryLocalLock?.(join(directory, `${id}.local`)) ?? notAsked(tryLocalLock));
	try {
		const owner = join(directory, `${id}.owner`);
		const lockFolder = join(directory, `${id}.lock`);
		const name = machine();
		if (tryLocalLock !== void 0 && name !== void 0 && await isOf(name, owner, lockFolder)) await rm(lockFolder, {
			recursive: true,
			force: true
		});
		const unlock = await waitFor(deadline, signal, () => tryLock(lockFolder, onWarning));
		const mine = await instanceOf(lockFolder);
		if (name !== void 0 && mine !== void 0) await writeFile(owner, `${name} ${mine.id}`, { mode: 384 }).catch(() => {});
		return {
			isHeld: async () => {
				const now = await instanceOf(lockFolder);
				return now !== void 0 && now.id === mine?.id && Date.now() - now.touchedAt < stale;
			},
			release: async () => {
				if ((await instanceOf(lockFolder))?.id === mine?.id) {
					await rm(owner, { force: true }).catch(() => {});
					await unlock();
				}
				dropLocal();
			}
		};
	} catch (error) {
		dropLocal();
		throw error;
	}
}
/** One making of the lock's folder: another has another id. Undefined where there is none. */
async function instanceOf(lockFolder) {
	const stats = await stat(lockFolder, { bigint: true }).catch(() => void 0);
	return stats === void 0 ? void 0 : {
		id: `${stats.ino}-${stats.birthtimeNs}`,
		touchedAt: Number(stats.mtimeMs)
	};
}
/** Whether the lock that is there was taken on this machine: whoever holds the kernel's lock then knows that its holder is dead. */
async function isOf(name, owner, lockFolder) {
	const instance = await instanceOf(lockFolder);
	return instance !== void 0 && !instance.id.endsWith("-0") && await ownerOf(owner) === `${name} ${instance.id}`;
}
/** A second release does nothing: the descriptor may be somebody else's by then. */
function once$1(release) {
	let released;
	return () => released ??= release();
}
/** The turn of those before in this process; it does not wait longer than the caller does. */
async function inTime(before, deadline, signal) {
	let isOver = false;
	const over = before.then(() => {
		isOver = true;
	});
	await Promise.race([over, waitFor(deadline, signal, async () => isOver ? true : void 0)]);
}
const notAsked = (tryLocalLock) => tryLocalLock === void 0 ? () => {} : void 0;
/** Undefined while another host holds it. */
async function tryLock(lockFolder, onWarning) {
	const { default: lockfile } = await import("proper-lockfile");
	try {
		const unlock = await lockfile.lock(lockFolder, {
			realpath: false,
			lockfilePath: lockFolder,
			stale,
			update,
			onCompromised: (error) => onWarning(`a lock was lost while it was held: ${error.message}`)
		});
		return () => unlock().catch(() => {});
	} catch (error) {
		if (error.code === "ELOCKED") return void 0;
		throw diskFailure(error, `${lockFolder} cannot be locked`);
	}
}
/** Tries again and again, ever more slowly; `deadline` by the clock that nobody sets. Fails with lock_timeout or cancelled. */
async function waitFor(deadline, signal, tryOnce) {
	for (let wait = shortestWait;; wait = Math.min(wait * 2, longestWait$1)) {
		if (signal.aborted) throw new Failure("cancelled", "the wait for another agent was cancelled");
		const got = await attempt$1(tryOnce);
		if (got !== void 0) return got;
		if (performance.now() >= deadline) throw new Failure("lock_timeout", "another agent has held this session for too long");
		await setTimeout$1(wait, void 0, { signal }).catch(() => {});
	}
}
let bootId;
/** This machine since it was last started. Undefined where that has no name: a host name is not one, since two may share it. */
function machine() {
	try {
		bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	} catch {}
	return bootId;
}
async function ownerOf(path) {
	return readFile(path, "utf8").catch(() => void 0);
}
async function attempt$1(work) {
	try {
		return await work();
	} catch (error) {
		throw diskFailure(error, "a lock cannot be taken");
	}
}
// dist/vault/seen.js
/** Over many files, so that one session's note costs no writing of a hundred thousand others. */
var SeenGenerations = class {
	#folder;
	#files = /* @__PURE__ */ new Map();
	constructor(folder) {
		this.#folder = folder;
	}
	/** Whether a later generation of the same login has been there. */
	isOutdated(id, seen) {
		return this.#fileOf(id).isOutdated(id, seen);
	}
	note(id, seen) {
		this.#fileOf(id).note(id, seen);
	}
	/** What was noted is written. */
	async settled() {
		await Promise.all([...this.#files.values()].map((file) => file.settled()));
	}
	#fileOf(id) {
		const name = hash("sha256", id, "hex").slice(0, 2);
		const known = this.#files.get(name);
		if (known !== void 0) return known;
		const file = new NotesFile(join(this.#folder, `${name}.json`));
		this.#files.set(name, file);
		return file;
	}
};
var NotesFile = class {
	#path;
	#fresh = /* @__PURE__ */ new Map();
	#writing;
	/** The file as it was read last: a start asks for every session, and would parse the notes of all for each. */
	#read;
	constructor(path) {
		this.#path = path;
	}
	async isOutdated(id, { login, generation }) {
		const last = this.#fresh.get(id) ?? (await this.#notes()).get(id);
		return last !== void 0 && last.login === login && last.generation > generation;
	}
	note(id, seen) {
		this.#fresh.set(id, seen);
		this.#writing ??= this.#write().finally(() => {
			this.#writing = void 0;
		});
	}
	async settled() {
		await this.#writing;
	}
	async #write() {
		while (this.#fresh.size > 0) {
			const notes = new Map(this.#fresh);
			const all = new Map([...await this.#notes(), ...notes]);
			const temporary = `${this.#path}.${randomBytes(6).toString("hex")}`;
			try {
				await mkdir(dirname(this.#path), {
					recursive: true,
					mode: 448
				});
				await writeFile(temporary, JSON.stringify(Object.fromEntries(all)), {
					mode: 384,
					flag: "wx"
				});
				await rename(temporary, this.#path);
			} catch {
				await rm(temporary, { force: true }).catch(() => {});
				return;
			}
			for (const [id, seen] of notes) if (this.#fresh.get(id) === seen) this.#fresh.delete(id);
		}
	}
	async #notes() {
		const stamp = await stampOf(this.#path);
		if (this.#read?.stamp !== stamp) this.#read = {
			stamp,
			notes: readNotes(this.#path)
		};
		return this.#read.notes;
	}
};
async function stampOf(path) {
	try {
		const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
		return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
	} catch {
		return "";
	}
}
async function readNotes(path) {
	try {
		const entries = Object.entries(JSON.parse(await readFile(path, "utf8")));
		return new Map(entries.filter(([, { login, generation }]) => Number.isFinite(login) && Number.isFinite(generation)));
	} catch {
		return /* @__PURE__ */ new Map();
	}
}
// dist/vault/keychain.js
const service = "authsock";
/** ms. A prompt on a desktop can stay open for ever, and a provider can hang. */
const deadline = 1e4;
var Keychain = class {
	#account;
	constructor(vaultId) {
		this.#account = `vault:${vaultId}`;
	}
	/** Undefined where the keychain is open and has no such key: proved, since some answer the same when they are locked. */
	async get() {
		const found = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal));
		if (found !== null) return Buffer.from(found);
		await this.prove();
		const again = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal));
		return again === null ? void 0 : Buffer.from(again);
	}
	/** Stores, and believes it only when it has been read back. */
	async set(key) {
		await this.#ask(this.#account, (entry, signal) => entry.setSecret(key, signal));
		await this.#expect(this.#account, key);
	}
	async remove() {
		await this.#ask(this.#account, (entry, signal) => entry.deleteCredential(signal));
	}
	/** That it can be written and read now (R11): a canary goes in and comes back. */
	async prove() {
		const canary = randomBytes(16);
		const account = `${this.#account}:canary:${canary.toString("hex")}`;
		await this.#ask(account, (entry, signal) => entry.setSecret(canary, signal));
		try {
			await this.#expect(account, canary);
		} finally {
			await this.#ask(account, (entry, signal) => entry.deleteCredential(signal)).catch(() => {});
		}
	}
	async #expect(account, value) {
		const stored = await this.#ask(account, (entry, signal) => entry.getSecret(signal));
		if (stored === null || !Buffer.from(stored).equals(value)) throw new Failure("keychain_unreachable", "the keychain does not give back what was stored in it");
	}
	/** A new entry each time: an old one does not survive a restart of its provider. */
	async #ask(account, question) {
		const { AsyncEntry } = await load();
		const timeout = new AbortController();
		let timer;
		try {
			const entry = new AsyncEntry(service, account, { linux: { store: "secret-service" } });
			return await Promise.race([question(entry, timeout.signal), new Promise((_, reject) => {
				timer = setTimeout(() => reject(/* @__PURE__ */ new Error("it does not answer")), deadline);
			})]);
		} catch (error) {
			timeout.abort();
			throw keychainFailure(error);
		} finally {
			clearTimeout(timer);
		}
	}
};
async function load() {
	try {
		return await import("@napi-rs/keyring");
	} catch (error) {
		throw new Failure("keychain_unreachable", "there is no keychain support for this platform", { cause: error });
	}
}
/** By what providers say: gnome-keyring, KWallet and KeePassXC (prompt dismissed), macOS (interaction not allowed, cancelled). */
const lockedWords = /dismissed|\blocked\b|interaction is not allowed|user (has )?cancell?ed|not unlocked/i;
const unreachableWords = [
	[/did not receive a reply|does not answer/i, "the keychain does not answer"],
	[/was not provided by any/i, "no keychain is running on the session bus"],
	[/DBUS_SESSION_BUS_ADDRESS|autolaunch|D-?Bus/i, "there is no session bus to reach a keychain by"],
	[/no result found/i, "the keychain has no default collection to store in"]
];
function keychainFailure(error) {
	if (error instanceof Failure) return error;
	const message = error instanceof Error ? error.message : String(error);
	if (lockedWords.test(message)) return new Failure("keychain_locked", "the keychain is locked", { cause: error });
	const known = unreachableWords.find(([words]) => words.test(message))?.[1];
	return new Failure("keychain_unreachable", known ?? `the keychain cannot be used: ${message}`, { cause: error });
}
// dist/vault/seal.js
const magic = Buffer.from("ASKV");
const version$3 = 1;
const headerLength = 21;
const nonceLength = 12;
const tagLength = 16;
/** Names a master key without telling it; hex. */
const keyId = (masterKey) => createHash("sha256").update("authsock master key id").update(masterKey).digest("hex").slice(0, 16);
/** Undefined where the bytes are no sealed file. Nothing of it is authenticated before `unseal`. */
function readHeader(file) {
	if (file.length < 49) return void 0;
	if (!file.subarray(0, 4).equals(magic) || file[4] !== version$3) return void 0;
	const generation = file.readBigUInt64BE(13);
	if (generation > BigInt(Number.MAX_SAFE_INTEGER)) return void 0;
	return {
		keyId: file.toString("hex", 5, 13),
		generation: Number(generation)
	};
}
const recordKey = (masterKey, id) => Buffer.from(hkdfSync("sha256", masterKey, "", `authsock record v${version$3}\0${id}`, 32));
function seal(masterKey, id, generation, content) {
	const header = Buffer.alloc(headerLength);
	magic.copy(header);
	header[4] = version$3;
	header.write(keyId(masterKey), 5, "hex");
	header.writeBigUInt64BE(BigInt(generation), 13);
	const nonce = randomBytes(nonceLength);
	const cipher = createCipheriv("aes-256-gcm", recordKey(masterKey, id), nonce, { authTagLength: tagLength });
	cipher.setAAD(Buffer.concat([header, Buffer.from(id)]));
	return Buffer.concat([
		header,
		nonce,
		cipher.update(content),
		cipher.final(),
		cipher.getAuthTag()
	]);
}
/** Undefined where the file was changed, cut, or belongs to another record or key. */
function unseal(masterKey, id, file) {
	if (readHeader(file) === void 0) return void 0;
	const header = file.subarray(0, headerLength);
	const nonce = file.subarray(headerLength, 33);
	const decipher = createDecipheriv("aes-256-gcm", recordKey(masterKey, id), nonce, { authTagLength: tagLength });
	decipher.setAAD(Buffer.concat([header, Buffer.from(id)]));
	decipher.setAuthTag(file.subarray(file.length - tagLength));
	try {
		return Buffer.concat([decipher.update(file.subarray(33, file.length - tagLength)), decipher.final()]);
	} catch {
		return;
	}
}
// dist/vault/key-file.js
/** Larger than any form of 32 bytes that is accepted. */
const mostBytes = 1024;
const unavailable = (message, cause) => new Failure("master_key_unavailable", message, cause === void 0 ? {} : { cause });
/** Undefined where there is no such file. Fails with master_key_unavailable. */
async function readKeyFile(path) {
	let file;
	try {
		file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
		const stats = await file.stat();
		const { mode, uid } = stats;
		if (!stats.isFile()) throw unavailable(`${path} is not a file`);
		if (process.platform !== "win32") {
			if (uid !== process.getuid?.() && uid !== 0) throw unavailable(`the key file ${path} belongs to another user (uid ${uid})`);
			if ((mode & 63) !== 0 && !isCredential(path)) throw unavailable(`the key file ${path} can be read by others: chmod 600 it`);
		}
		const buffer = Buffer.alloc(1025);
		const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
		return parseKey(buffer.subarray(0, bytesRead), path);
	} catch (error) {
		if (error instanceof Failure) throw error;
		const { code } = error;
		if (code === "ENOENT") return void 0;
		throw unavailable(`the key file ${path} cannot be read: ${code}`, error);
	} finally {
		await file?.close();
	}
}
/** systemd guards the folder of credentials, not the mode of each. */
const isCredential = (path) => path.startsWith("/run/credentials/") || /^\/run\/user\/\d+\/credentials\//.test(path);
async function createKeyFile(path, disk) {
	const key = randomBytes(32);
	try {
		await disk.create(path, Buffer.from(`${key.toString("hex")}\n`));
		await disk.syncFolder(dirname(path));
	} catch (error) {
		const { code } = error;
		throw unavailable(`the key file ${path} cannot be created: ${code}`, error);
	}
	return key;
}
/** Reads a descriptor to its end, once, and closes it. */
function readDescriptor(fd) {
	const buffer = Buffer.alloc(1025);
	let length = 0;
	try {
		for (let read = 1; read > 0 && length < buffer.length; length += read) read = readSync(fd, buffer, length, buffer.length - length, null);
		closeSync(fd);
	} catch (error) {
		throw unavailable(`descriptor ${fd} cannot be read: ${error.code}`, error);
	}
	return parseKey(buffer.subarray(0, length), `descriptor ${fd}`);
}
/** 32 bytes as they are, or in hex or base64 with an optional line end. */
function parseKey(content, where) {
	if (content.length === 32 && !/^[\x20-\x7e]*\r?\n?$/.test(content.toString("latin1"))) return Buffer.from(content);
	const text = content.length > mostBytes ? "" : content.toString("latin1").trim();
	if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
	if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, "base64");
	throw unavailable(`${where} does not hold a key: 32 bytes, or 64 hex digits, or 44 characters of base64`);
}
// dist/vault/master-keys.js
const insecureFile = "master.key";
var MasterKeys = class {
	#folder;
	#disk;
	#named;
	/** A descriptor can be read once. */
	#fromDescriptor;
	/** `named`: what the user named for this run of the agent. */
	constructor(folder, disk, named) {
		this.#folder = folder;
		this.#disk = disk;
		this.#named = named;
		if (named?.provider === "descriptor") this.#fromDescriptor = readDescriptor(named.fd);
	}
	/** A new key in its place, read back before anything is sealed with it. */
	async make(choice, vaultId) {
		switch (choice.provider) {
			case "keychain": {
				const key = randomBytes(32);
				const keychain = new Keychain(keychainAccount(vaultId, keyId(key)));
				await keychain.prove();
				await keychain.set(key);
				return placed(key, "keychain");
			}
			case "passphrase": {
				if (choice.passphrase.reveal() === "") throw new Failure("bad_request", "the passphrase is empty");
				const key = randomBytes(32);
				const name = `master-key-${keyId(key)}.age`;
				const { encryptKey } = await import("./passphrase-DdnmgDEC.js");
				const file = await encryptKey(key, choice.passphrase);
				try {
					await this.#disk.create(join(this.#folder, name), file);
					await this.#disk.syncFolder(this.#folder);
				} catch (error) {
					throw diskFailure(error, `${name} cannot be written`);
				}
				return placed(key, "passphrase", name);
			}
			case "key-file": {
				const path = resolve(choice.path);
				return placed(await readKeyFile(path) ?? await createKeyFile(path, this.#disk), "key-file", path);
			}
			case "insecure-key-file": {
				const path = join(this.#folder, insecureFile);
				return placed(await readKeyFile(path) ?? await createKeyFile(path, this.#disk), "insecure-key-file", insecureFile);
			}
			case "descriptor":
			case "systemd-credential": return placed(await this.#given(choice), choice.provider);
		}
	}
	/** The key of a place, without the user. Fails with vault_locked, keychain_*, master_key_*. */
	async fetch(place, manifest) {
		const key = await this.#fetch(place, manifest);
		if (keyId(key) === place.key_id) return key;
		key.fill(0);
		throw new Failure("master_key_wrong", `the key of ${describePlace(place)} is not the one that the vault was sealed with`);
	}
	async #fetch(place, { vault_id: vaultId }) {
		switch (place.provider) {
			case "keychain": {
				const key = await new Keychain(keychainAccount(vaultId, place.key_id)).get();
				if (key !== void 0) return key;
				throw new Failure("keychain_absent", "the keychain has no key for this vault (it was removed, or the vault is another machine's)");
			}
			case "passphrase": throw new Failure("vault_locked", "the vault is locked with a passphrase");
			case "key-file": {
				const paths = [...this.#named?.provider === "key-file" ? [resolve(this.#named.path)] : [], place.path ?? ""];
				for (const path of paths) {
					const key = await readKeyFile(path);
					if (key !== void 0 && (keyId(key) === place.key_id || path === paths.at(-1))) return key;
				}
				throw new Failure("master_key_unavailable", `the key file ${paths[0]} is not there`);
			}
			case "insecure-key-file": {
				const path = join(this.#folder, insecureFile);
				const key = await readKeyFile(path);
				if (key !== void 0) return key;
				throw new Failure("master_key_unavailable", `the key file ${path} is not there`);
			}
			case "descriptor":
			case "systemd-credential":
				if (this.#named?.provider === place.provider) return this.#given(this.#named);
				throw new Failure("master_key_unavailable", `the agent was not given the key of this vault by ${describePlace(place)}`);
		}
	}
	/** The key of a passphrase's place; undefined where the passphrase is wrong. */
	async fetchByPassphrase(place, passphrase) {
		const file = await this.#disk.read(join(this.#folder, place.path ?? ""));
		if (file === void 0) throw new Failure("master_key_unavailable", `${place.path} is not in the vault's folder`);
		const { decryptKey } = await import("./passphrase-DdnmgDEC.js");
		const key = await decryptKey(file, passphrase);
		return key !== void 0 && keyId(key) === place.key_id ? key : void 0;
	}
	/** Lets go of a key that nothing is sealed with any more. What the user named is the user's to remove. */
	async discard(place, { vault_id: vaultId }) {
		if (place.provider === "keychain") await new Keychain(keychainAccount(vaultId, place.key_id)).remove();
		if (place.provider === "passphrase") await this.#disk.remove(join(this.#folder, place.path ?? ""));
		if (place.provider === "insecure-key-file") await this.#disk.remove(join(this.#folder, insecureFile));
	}
	async #given(choice) {
		if (choice.provider === "systemd-credential") {
			const key = await readKeyFile(choice.path);
			if (key !== void 0) return key;
			throw new Failure("master_key_unavailable", `the credential ${choice.path} is not there`);
		}
		if (this.#fromDescriptor === void 0) throw new Failure("master_key_unavailable", "the agent was given no descriptor with a key");
		return Buffer.from(this.#fromDescriptor);
	}
};
/** An account of its own for each key: while records are sealed anew, the old one and the new one are both there. */
const keychainAccount = (vaultId, id) => `${vaultId}:${id}`;
/** An older key beside the current one, which alone opens it: what a crash interrupted needs no second provider to go on. */
const wrapKey = (current, place, key) => ({
	...place,
	wrapped: seal(current, wrapId(place), 0, key).toString("base64")
});
function unwrapKey(current, place) {
	const key = place.wrapped === void 0 ? void 0 : unseal(current, wrapId(place), Buffer.from(place.wrapped, "base64"));
	return key !== void 0 && keyId(key) === place.key_id ? key : void 0;
}
/** No record can have this id. */
const wrapId = ({ key_id: id }) => `MASTER KEY ${id}`;
const placed = (key, provider, path) => ({
	key,
	place: {
		key_id: keyId(key),
		provider,
		...path === void 0 ? {} : { path }
	}
});
function describePlace({ provider, path }) {
	switch (provider) {
		case "keychain": return "the keychain";
		case "passphrase": return "the passphrase";
		case "key-file": return `the key file ${path}`;
		case "insecure-key-file": return "the key file beside the vault";
		case "descriptor": return "a descriptor";
		case "systemd-credential": return "a systemd credential";
	}
}
// dist/vault/key-ring.js
var KeyRing = class KeyRing {
	#keys;
	#current;
	constructor(keys, current) {
		this.#keys = keys;
		this.#current = current;
	}
	/** The current key, and what it opens of the older ones: without those, only what is still sealed with them stays shut. */
	static of(manifest, current) {
		const keys = /* @__PURE__ */ new Map([[manifest.current, current]]);
		for (const place of manifest.keys) {
			const key = place.key_id === manifest.current ? void 0 : unwrapKey(current, place);
			if (key !== void 0) keys.set(place.key_id, key);
		}
		return new KeyRing(keys, manifest.current);
	}
	get current() {
		const key = this.#keys.get(this.#current);
		if (key === void 0) throw new Failure("vault_locked", "the vault is locked");
		return key;
	}
	get(keyId) {
		return this.#keys.get(keyId);
	}
	/** Every byte of every key is overwritten. */
	wipe() {
		for (const key of this.#keys.values()) key.fill(0);
		this.#keys.clear();
	}
};
/** Whether a file under an unknown key can be anybody's: not where every key that the vault lists is in hand. */
const foreign = ({ manifest, keys }) => manifest.keys.every(({ key_id }) => keys.get(key_id) !== void 0) ? "damaged" : "refuse";
const currentPlace = ({ keys, current }) => keys.find(({ key_id }) => key_id === current);
// dist/vault/manifest.js
const providers = /* @__PURE__ */ new Set([
	"keychain",
	"passphrase",
	"key-file",
	"descriptor",
	"systemd-credential",
	"insecure-key-file"
]);
const fileName = "vault.json";
async function readManifest(folder, disk) {
	const path = join(folder, fileName);
	let content;
	try {
		content = await disk.read(path);
	} catch (error) {
		throw diskFailure(error, `${path} cannot be read`);
	}
	if (content === void 0) return void 0;
	const manifest = parse$2(content);
	if (manifest === void 0) throw new Failure("record_damaged", `${path} cannot be read: it is not a vault's description`, { hint: `restore ${path} from a backup, or move the vault folder away to start anew` });
	return manifest;
}
function parse$2(content) {
	try {
		const manifest = JSON.parse(content.toString());
		return manifest.format === 1 && typeof manifest.vault_id === "string" && typeof manifest.current === "string" && Array.isArray(manifest.keys) && manifest.keys.every((key) => typeof key.key_id === "string" && providers.has(key.provider) && (key.path === void 0 || typeof key.path === "string")) && manifest.keys.some(({ key_id }) => key_id === manifest.current) ? manifest : void 0;
	} catch {
		return;
	}
}
/** Durable when it resolves. Fails with storage_failed. */
async function writeManifest(folder, disk, manifest) {
	const path = join(folder, fileName);
	const temporary = join(folder, `${fileName}.${randomBytes(8).toString("hex")}.tmp`);
	try {
		await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, void 0, 2)}\n`));
		await disk.rename(temporary, path);
		await disk.syncFolder(folder);
	} catch (error) {
		throw diskFailure(error, `${path} cannot be written`);
	}
}
/** The first of several agents that create a vault at once wins; the others see its manifest. Gives whether it was this one. */
async function createManifest(folder, disk, manifest) {
	const path = join(folder, fileName);
	const temporary = join(folder, `${fileName}.${randomBytes(8).toString("hex")}.tmp`);
	try {
		await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, void 0, 2)}\n`));
		try {
			await disk.link(temporary, path);
		} catch (error) {
			if (error.code === "EEXIST") return false;
			throw error;
		} finally {
			await disk.remove(temporary);
		}
		await disk.syncFolder(folder);
		return true;
	} catch (error) {
		throw diskFailure(error, `${path} cannot be written`);
	}
}
// dist/vault/passphrase-tries.js
const firstPause = 1e3;
const longestPause = 3e5;
var PassphraseTries = class {
	#wrong = 0;
	#nextAt = 0;
	#seenAt = 0;
	/** `now` in ms. Throws unlock_throttled while it is too early. */
	check(now) {
		if (now < this.#seenAt) this.#nextAt = Math.min(this.#nextAt, now + (this.#nextAt - this.#seenAt));
		this.#seenAt = now;
		if (now >= this.#nextAt) return;
		const retryAfter = Math.ceil((this.#nextAt - now) / 1e3);
		throw new Failure("unlock_throttled", `too many wrong passphrases: wait ${retryAfter} s`, { retryAfter });
	}
	wrong(now) {
		this.#wrong += 1;
		this.#seenAt = now;
		this.#nextAt = now + Math.min(firstPause * 2 ** (this.#wrong - 1), longestPause);
	}
	right() {
		this.#wrong = 0;
		this.#nextAt = 0;
	}
};
// dist/vault/rekey.js
/** Longer than a refresh holds a record. */
const lockTimeout$1 = 6e4;
/** Makes the new key and writes it down beside the old one: from here on, files are sealed with the new one. */
async function startRekey({ directory, disk, masterKeys, manifest: before, choice, keys }) {
	const { key, place } = await masterKeys.make(choice, before.vault_id);
	const others = before.keys.flatMap((each) => {
		const old = each.key_id === place.key_id ? void 0 : keys.get(each.key_id);
		return each.key_id === place.key_id ? [] : [old === void 0 ? each : wrapKey(key, each, old)];
	});
	const manifest = {
		...before,
		current: place.key_id,
		keys: [place, ...others]
	};
	await writeManifest(directory, disk, manifest);
	return {
		manifest,
		place,
		key
	};
}
/** Seals what is left, forgets the old keys, and gives the manifest that remains. Records that cannot be opened keep their key. */
async function finishRekey(ports) {
	const { files, lock, manifest, keys } = ports;
	const never = new AbortController().signal;
	for (const id of await files.list()) {
		const held = await lock.acquire(id, lockTimeout$1, never);
		try {
			await files.resealOne(id, keys);
		} finally {
			await held.release();
		}
	}
	const used = await files.keysInUse();
	const kept = manifest.keys.filter(({ key_id }) => key_id === manifest.current || used.has(key_id));
	const gone = manifest.keys.filter((place) => !kept.includes(place));
	const after = {
		...manifest,
		keys: kept
	};
	if (gone.length > 0) await writeManifest(ports.directory, ports.disk, after);
	for (const place of gone) await ports.masterKeys.discard(place, manifest).catch((error) => {
		const failure = asFailure(error);
		ports.warn(`the old master key could not be removed: ${failure.message}`);
	});
	return after;
}
// dist/vault/sealed-files.js
const suffix = ".sealed";
const former = ".sealed.prev";
const temporaryPattern = /\.[0-9a-f]{16}\.tmp$/;
const idPattern = /^[a-z0-9][a-z0-9._-]*$/;
/** A file that some crash left behind; no write takes this long. */
const staleAfter = 36e5;
var SealedFiles = class {
	#folder;
	#disk;
	#queues = /* @__PURE__ */ new Map();
	#syncing;
	#nextSync;
	constructor(folder, disk) {
		this.#folder = folder;
		this.#disk = disk;
	}
	/**
	* Fails with record_damaged, master_key_wrong, storage_failed. A newest file whose key is not in hand hides what is
	* before it: that is older, and its refresh token spent.
	*/
	async read(id, keys, foreign) {
		const [newest, before] = await this.#both(id);
		if (newest === void 0 && before === void 0) return void 0;
		const content = newest === void 0 ? void 0 : this.#open(id, newest, keys);
		if (content !== void 0) return content;
		const header = newest === void 0 ? void 0 : readHeader(newest);
		if (foreign === "refuse" && header !== void 0 && keys.get(header.keyId) === void 0) throw new Failure("master_key_wrong", `the record '${id}' was sealed with another master key`);
		const older = before === void 0 ? void 0 : this.#open(id, before, keys);
		const what = newest === void 0 ? "is missing" : "is damaged";
		if (older === void 0) throw new Failure("record_damaged", `the record '${id}' ${what}, and so is the generation before it`);
		return {
			...older,
			recovered: `the newest file ${what}; generation ${older.generation} was read`
		};
	}
	/** Durable when it resolves. */
	async write(id, generation, content, keys, foreign) {
		await this.#queue(id, async () => {
			const { generation: known, isSound } = await this.#newest(id, keys, foreign);
			if (known === generation && await this.#holds(id, content, keys)) {
				await this.#replace(id, seal(keys.current, id, generation, content), false, () => this.#holds(id, content, keys));
				return;
			}
			if (known !== void 0 && known >= generation) throw superseded(id, known);
			const isUnchanged = async () => (await this.#newest(id, keys, foreign)).generation === known;
			await this.#replace(id, seal(keys.current, id, generation, content), isSound, isUnchanged);
		});
	}
	async remove(id) {
		await this.#queue(id, async () => {
			for (const ending of [former, suffix]) {
				await this.#disk.remove(this.#path(id, ending));
				await this.#disk.syncFolder(this.#folder);
			}
		});
	}
	async list() {
		const ids = (await this.#try("the vault cannot be read", () => this.#disk.list(this.#folder))).flatMap((name) => name.endsWith(suffix) ? [name.slice(0, -7)] : name.endsWith(former) ? [name.slice(0, -12)] : []);
		return [...new Set(ids)].filter((id) => idPattern.test(id)).sort();
	}
	/** Seals a record's files anew under the current key; generations and content stay. Files that cannot be opened stay as they are. */
	async resealOne(id, keys) {
		await this.#queue(id, async () => {
			for (const ending of [former, suffix]) {
				const path = this.#path(id, ending);
				const file = await this.#disk.read(path);
				const header = file === void 0 ? void 0 : readHeader(file);
				const masterKey = header === void 0 ? void 0 : keys.get(header.keyId);
				if (file === void 0 || header === void 0 || masterKey === void 0 || masterKey === keys.current) continue;
				const content = unseal(masterKey, id, file);
				if (content === void 0) continue;
				await this.#place(path, seal(keys.current, id, header.generation, content));
				content.fill(0);
			}
			await this.#disk.syncFolder(this.#folder);
		});
	}
	/** The ids of the master keys that records are sealed with. */
	async keysInUse() {
		const used = /* @__PURE__ */ new Set();
		for (const id of await this.list()) for (const file of await this.#both(id)) {
			const header = file === void 0 ? void 0 : readHeader(file);
			if (header !== void 0) used.add(header.keyId);
		}
		return used;
	}
	/** Makes names durable that somebody was killed over, or could not make so. */
	sync() {
		if (this.#syncing === void 0) return this.#sync();
		this.#nextSync ??= this.#syncing.catch(() => {}).then(() => {
			this.#nextSync = void 0;
			return this.#sync();
		});
		return this.#nextSync;
	}
	#sync() {
		const syncing = this.#try("the vault cannot be written", async () => {
			try {
				await this.#disk.syncFolder(this.#folder);
			} catch (error) {
				if (error.code !== "EROFS") throw error;
			}
		}).finally(() => {
			if (this.#syncing === syncing) this.#syncing = void 0;
		});
		this.#syncing = syncing;
		return syncing;
	}
	/** Proves that a record could be written now (R11). */
	async probe() {
		await this.#try("the vault cannot be written", async () => {
			const path = this.#temporary("probe");
			await this.#disk.create(path, randomBytes(4096));
			await this.#disk.remove(path);
		});
	}
	async sweep(now) {
		for (const name of await this.#disk.list(this.#folder)) {
			if (!temporaryPattern.test(name)) continue;
			const path = join(this.#folder, name);
			const at = await this.#disk.modifiedAt(path);
			if (at !== void 0 && now - at > staleAfter) await this.#disk.remove(path);
		}
	}
	#open(id, file, keys) {
		const header = readHeader(file);
		const masterKey = header === void 0 ? void 0 : keys.get(header.keyId);
		const content = masterKey === void 0 ? void 0 : unseal(masterKey, id, file);
		return header === void 0 || content === void 0 ? void 0 : {
			generation: header.generation,
			content: redact(content)
		};
	}
	#both(id) {
		return this.#try("the vault cannot be read", () => Promise.all([this.#disk.read(this.#path(id, suffix)), this.#disk.read(this.#path(id, former))]));
	}
	async #holds(id, content, keys) {
		const [newest] = await this.#both(id);
		const held = newest === void 0 ? void 0 : this.#open(id, newest, keys);
		return held !== void 0 && Buffer.compare(held.content.reveal(), content) === 0;
	}
	/** The newest generation that is sound; what a damaged file says of itself counts for nothing. */
	async #newest(id, keys, foreign) {
		const [newest, before] = await this.#both(id);
		const generation = this.#soundGeneration(id, newest, keys, foreign);
		if (generation !== void 0) return {
			generation,
			isSound: true
		};
		return {
			generation: this.#soundGeneration(id, before, keys, foreign),
			isSound: false
		};
	}
	#soundGeneration(id, file, keys, foreign) {
		const header = file === void 0 ? void 0 : readHeader(file);
		if (file === void 0 || header === void 0) return void 0;
		if (keys.get(header.keyId) === void 0) return foreign === "refuse" ? header.generation : void 0;
		return this.#open(id, file, keys)?.generation;
	}
	/** `keeps`: the newest file is sound, and takes the place of the one before it. */
	async #replace(id, file, keeps, isUnchanged) {
		const newest = this.#path(id, suffix);
		const temporary = this.#temporary(id);
		const kept = this.#temporary(id);
		await this.#disk.create(temporary, file);
		try {
			if (keeps) {
				await this.#disk.link(newest, kept);
				await this.#disk.rename(kept, this.#path(id, former));
				await this.#disk.remove(kept);
			}
			if (!await isUnchanged()) throw superseded(id);
			await this.#disk.rename(temporary, newest);
		} catch (error) {
			for (const left of [temporary, kept]) await this.#disk.remove(left).catch(() => {});
			throw error;
		}
		await this.#disk.syncFolder(this.#folder);
	}
	async #place(path, file) {
		const temporary = this.#temporary("reseal");
		await this.#disk.create(temporary, file);
		await this.#disk.rename(temporary, path);
	}
	#path(id, ending) {
		if (!idPattern.test(id)) throw new Failure("unexpected", `'${id}' is not a record id`);
		return join(this.#folder, id + ending);
	}
	#temporary(id) {
		return join(this.#folder, `${id}.${randomBytes(8).toString("hex")}.tmp`);
	}
	/** One writer at a time for a record. */
	#queue(id, work) {
		const result = (this.#queues.get(id) ?? Promise.resolve()).then(() => this.#try(`the record '${id}' cannot be written`, work));
		const settled = result.catch(() => {});
		this.#queues.set(id, settled);
		settled.then(() => {
			if (this.#queues.get(id) === settled) this.#queues.delete(id);
		});
		return result;
	}
	async #try(what, work) {
		try {
			return await work();
		} catch (error) {
			throw diskFailure(error, what);
		}
	}
};
const superseded = (id, known) => new Failure("record_superseded", `the record '${id}' ${known === void 0 ? "has changed" : `has generation ${known} already`}: another agent has written it`);
// dist/vault/vault.js
/** Held while the manifest is changed: no record has this id. ms: as long as another agent may take to seal everything anew. */
const manifestLock = {
	id: "vault.json",
	timeout: 12e4
};
var Vault = class {
	#options;
	#disk;
	#files;
	#masterKeys;
	#tries = new PassphraseTries();
	#opened;
	#shut = { kind: "unopened" };
	#manifest;
	#opening;
	#unlocking = Promise.resolve();
	/** Set while the manifest names a new key that is not entered yet. */
	#changing;
	constructor(options) {
		this.#options = options;
		this.#disk = options.disk ?? realDisk;
		this.#files = new SealedFiles(options.directory, this.#disk);
		this.#masterKeys = new MasterKeys(options.directory, this.#disk, options.named);
	}
	/** As last seen; asks nobody. */
	status() {
		const provider = this.#manifest === void 0 ? void 0 : currentPlace(this.#manifest).provider;
		const masterKey = provider === void 0 ? {} : { masterKey: provider };
		if (this.#opened !== void 0) return {
			state: "open",
			...masterKey
		};
		if (this.#shut.kind === "failed") {
			const { failure } = this.#shut;
			return {
				state: stateOf(failure),
				...masterKey,
				detail: failure.message,
				hint: failure.hint
			};
		}
		if (this.#shut.kind === "by_user") return {
			state: "locked",
			...masterKey,
			hint: new Failure("vault_locked", "").hint
		};
		return {
			state: this.#manifest === void 0 ? "new" : "locked",
			...masterKey
		};
	}
	/** Opens it without the user; a vault that is not there yet stays away. Fails with vault_locked, keychain_*, master_key_*. */
	async open() {
		await this.#open();
	}
	/** R11: opens it, makes it where it is not there yet, and proves that key and disk can be written. */
	async prepare() {
		if (await this.#open() === void 0) await this.#withManifest(async () => {
			if (await this.#open() === void 0) await this.#create(this.#options.named ?? { provider: "keychain" });
		});
		await this.probe();
	}
	/** After `lock`, and for a vault with a passphrase. Fails with master_key_wrong, unlock_throttled, vault_locked, keychain_*. */
	async unlock(passphrase) {
		const before = this.#shut;
		const turn = this.#unlocking.then(async () => {
			if (this.#opened !== void 0) return;
			this.#shut = { kind: "unopened" };
			if (passphrase === void 0) await this.#open();
			else await this.#unlockWith(passphrase);
		});
		this.#unlocking = turn.catch(() => {});
		try {
			await turn;
		} catch (error) {
			if (before.kind === "by_user" || this.#shut.kind === "unopened") this.#shut = before;
			throw error;
		}
	}
	/** Overwrites the keys in memory; nothing opens the vault again but `unlock`. */
	lock() {
		this.close();
		this.#shut = { kind: "by_user" };
	}
	close() {
		this.#opened?.keys.wipe();
		this.#opened = void 0;
		this.#shut = { kind: "unopened" };
	}
	/** Seals every record anew under a key of another provider. A crash at any point loses nothing: the next opening goes on. */
	async changeMasterKey(choice) {
		await this.#withManifest(async () => {
			if (await this.#open() === void 0) return this.#create(choice);
			const opened = await this.#openNow();
			const start = startRekey({
				...this.#rekeyPorts(),
				manifest: opened.manifest,
				choice,
				keys: opened.keys
			}).then(({ manifest, place, key }) => {
				const keys = /* @__PURE__ */ new Map([[place.key_id, key]]);
				for (const { key_id } of opened.manifest.keys) {
					const old = opened.keys.get(key_id);
					if (old !== void 0) keys.set(key_id, old);
				}
				return this.#enter({
					manifest,
					keys: new KeyRing(keys, place.key_id)
				});
			});
			this.#changing = start.catch(() => {});
			await this.#finishRekey(await start);
		});
	}
	async read(id) {
		const opened = await this.#open();
		if (opened === void 0) return void 0;
		try {
			return await this.#files.read(id, opened.keys, "refuse");
		} catch (error) {
			if (asFailure(error).code !== "master_key_wrong") throw error;
			if (await this.#hasMovedOn(opened) || this.#opened !== opened) return this.read(id);
			if (foreign(opened) === "refuse") throw error;
			return this.#files.read(id, opened.keys, "damaged");
		}
	}
	async write(id, generation, content) {
		if (await this.#open() === void 0) throw new Failure("storage_failed", "the vault has not been made yet");
		const opened = await this.#openNow();
		await this.#files.write(id, generation, content, opened.keys, foreign(opened));
		for (let used = opened; await this.#hasMovedOn(used);) {
			const [old, next] = [used, await this.#openNow()];
			await this.#files.resealOne(id, {
				current: next.keys.current,
				get: (key) => next.keys.get(key) ?? old.keys.get(key)
			});
			used = next;
		}
	}
	async remove(id) {
		if (await readManifest(this.#options.directory, this.#disk) !== void 0) await this.#files.remove(id);
	}
	async list() {
		return await readManifest(this.#options.directory, this.#disk) === void 0 ? [] : this.#files.list();
	}
	async sync() {
		if (await this.#open() !== void 0) await this.#files.sync();
	}
	async probe() {
		await this.#makeFolder();
		await this.#files.probe();
	}
	#open() {
		if (this.#opened !== void 0) return Promise.resolve(this.#opened);
		if (this.#shut.kind === "by_user") return Promise.reject(new Failure("vault_locked", "the vault is locked"));
		this.#opening ??= this.#openAnew().finally(() => {
			this.#opening = void 0;
		});
		return this.#opening;
	}
	async #openAnew() {
		try {
			const manifest = await readManifest(this.#options.directory, this.#disk);
			if (manifest === void 0) {
				if (this.#manifest !== void 0) this.#shut = { kind: "unopened" };
				this.#manifest = void 0;
				return;
			}
			this.#manifest = manifest;
			await this.#makeFolder();
			const key = await this.#masterKeys.fetch(currentPlace(manifest), manifest);
			const opened = this.#enter({
				manifest,
				keys: KeyRing.of(manifest, key)
			});
			this.#tidy(opened);
			return opened;
		} catch (error) {
			throw this.#failed(error);
		}
	}
	#enter(opened) {
		if (this.#shut.kind === "by_user") {
			opened.keys.wipe();
			throw new Failure("vault_locked", "the vault is locked");
		}
		this.#opened = opened;
		this.#manifest = opened.manifest;
		this.#shut = { kind: "unopened" };
		if (currentPlace(opened.manifest).provider === "insecure-key-file") this.#options.onWarning("the master key lies in a plain file beside the vault: whoever copies the folder has every login. `authsock vault master-key` changes that");
		return opened;
	}
	/** What the user locked stays locked, whatever becomes of an opening that was under way. */
	#failed(error) {
		const failure = asFailure(error);
		if (this.#shut.kind !== "by_user") this.#shut = {
			kind: "failed",
			failure
		};
		return failure;
	}
	/** What a crash left: temporary files, records under an old key. Nothing of it keeps anybody waiting. */
	async #tidy(opened) {
		try {
			await this.#files.sweep(this.#options.clock.now());
			if (opened.manifest.keys.length === 1 || foreign(opened) === "refuse") return;
			await this.#withManifest(async () => {
				if (this.#opened === opened && !await this.#hasMovedOn(opened)) await this.#finishRekey(opened);
			});
		} catch (error) {
			this.#options.onWarning(`the vault could not be tidied: ${asFailure(error).message}`);
		}
	}
	async #create(choice) {
		if (this.#shut.kind === "by_user") throw new Failure("vault_locked", "the vault is locked");
		try {
			await this.#makeFolder();
			if ((await this.#files.list()).length > 0) throw new Failure("record_damaged", "sealed records are here, but vault.json, which says what opens them, is gone", { hint: `restore ${this.#options.directory}/vault.json from a backup, or move the folder away to start anew` });
			await this.#files.probe();
			const vaultId = randomUUID();
			const { key, place } = await this.#masterKeys.make(choice, vaultId);
			const manifest = {
				format: 1,
				vault_id: vaultId,
				current: place.key_id,
				keys: [place]
			};
			if (await createManifest(this.#options.directory, this.#disk, manifest)) {
				this.#enter({
					manifest,
					keys: KeyRing.of(manifest, key)
				});
				return;
			}
			if (place.provider === "keychain" || place.provider === "passphrase") await this.#masterKeys.discard(place, manifest).catch(() => {});
		} catch (error) {
			throw this.#failed(error);
		}
		await this.#open();
	}
	async #unlockWith(passphrase) {
		this.#tries.check(this.#options.clock.now());
		const manifest = await readManifest(this.#options.directory, this.#disk);
		this.#manifest = manifest;
		const place = manifest === void 0 ? void 0 : currentPlace(manifest);
		if (manifest === void 0 || place?.provider !== "passphrase") throw new Failure("bad_request", "this vault has no passphrase", { hint: "`authsock unlock` without one" });
		const key = await this.#masterKeys.fetchByPassphrase(place, passphrase);
		if (key === void 0) {
			this.#tries.wrong(this.#options.clock.now());
			throw new Failure("master_key_wrong", "this is not the passphrase of the vault", { hint: "`authsock unlock` to try again" });
		}
		this.#tries.right();
		this.#tidy(this.#enter({
			manifest,
			keys: KeyRing.of(manifest, key)
		}));
	}
	async #finishRekey(opened) {
		const manifest = await finishRekey({
			...this.#rekeyPorts(),
			manifest: opened.manifest,
			keys: opened.keys
		});
		if (this.#opened === opened) {
			this.#opened = {
				manifest,
				keys: opened.keys
			};
			this.#manifest = manifest;
		}
	}
	#rekeyPorts() {
		const { directory, lock } = this.#options;
		return {
			directory,
			lock,
			disk: this.#disk,
			files: this.#files,
			masterKeys: this.#masterKeys,
			warn: this.#options.onWarning
		};
	}
	/** The vault has moved to another key: what is in memory is then forgotten. Fails where the manifest is gone. */
	async #hasMovedOn(opened) {
		const stored = await readManifest(this.#options.directory, this.#disk);
		if (stored === void 0) throw new Failure("storage_failed", "the description of the vault is gone: restore vault.json");
		if (stored.current === opened.manifest.current) return false;
		await this.#changing;
		if (this.#opened === opened) this.#opened = void 0;
		return true;
	}
	/** Open, under the key that the manifest names now. */
	async #openNow() {
		for (;;) {
			const opened = await this.#open();
			if (opened === void 0) throw new Failure("storage_failed", "the description of the vault is gone: restore vault.json");
			if (!await this.#hasMovedOn(opened)) return opened;
		}
	}
	/** One at a time over all agents: each starts from the manifest that the one before has left. */
	async #withManifest(work) {
		const held = await this.#options.lock.acquire(manifestLock.id, manifestLock.timeout, new AbortController().signal);
		try {
			await work();
		} finally {
			await held.release();
		}
	}
	async #makeFolder() {
		try {
			await this.#disk.makeFolder(this.#options.directory);
		} catch (error) {
			throw diskFailure(error, `${this.#options.directory} cannot be made`);
		}
	}
};
function stateOf({ code }) {
	if (code === "vault_locked" || code === "keychain_locked") return "locked";
	return code === "keychain_absent" || code === "master_key_wrong" ? "absent" : "unreachable";
}
// dist/core/durations.js
const units = [
	["d", 86400],
	["h", 3600],
	["min", 60],
	["s", 1]
];
/** `4 d`, `3 h 20 min`, `12 min`, `45 s`: two units at most, and none that does not matter; days to the nearest. Seconds. */
function duration(seconds) {
	const exact = Math.max(0, Math.round(seconds));
	const step = exact >= 864e3 ? 86400 : exact >= 86400 ? 3600 : 1;
	const whole = Math.round(exact / step) * step;
	const index = units.findIndex(([, size]) => whole >= size);
	const largest = units[index];
	if (largest === void 0) return "0 s";
	const [name, size] = largest;
	const first = Math.floor(whole / size);
	const next = units[index + 1];
	const rest = next === void 0 ? 0 : Math.floor((whole - first * size) / next[1]);
	return next !== void 0 && rest > 0 && first < 10 && name !== "min" ? `${first} ${name} ${rest} ${next[0]}` : `${first} ${name}`;
}
/** Seconds since the epoch, seen from `now`. */
const fromNow = (at, now) => at > now ? `in ${duration(at - now)}` : at === now ? "now" : ago(at, now);
const ago = (at, now) => now - at < 1 ? "just now" : `${duration(now - at)} ago`;
// dist/wire/event-words.js
function eventWords(event) {
	switch (event.type) {
		case "hello": return `watching the agent (version ${event.version})`;
		case "refreshed": return `${event.profile}: refreshed${event.expires_at === void 0 ? "" : `, expires ${fromNow(event.expires_at, event.at)}`}`;
		case "refresh_failed": return `${event.profile}: not refreshed: ${event.reason}; next try ${fromNow(event.retry_at, event.at)}`;
		case "login_required": return `${event.profile}: login required: ${event.reason}`;
		case "logged_in": return `${event.profile}: logged in${event.user === void 0 ? "" : ` as ${event.user}`}`;
		case "logged_out": return `${event.profile}: logged out`;
		case "locked":
		case "unlocked": return `the vault is ${event.type}`;
		case "approval_requested": return `approval wanted: ${event.approval.text} (\`authsock approve ${event.approval.id}\`)`;
		case "approval_settled": return `approval ${event.id}: ${{
			allow: "allowed",
			deny: "declined",
			none: "not answered"
		}[event.decision]}`;
		case "approval_remembered": return event.remembered === "always" ? `approval ${event.id} is remembered: rule ${event.rule}, line ${event.line} of ${event.config}` : `approval ${event.id} counts for the session, no rule could be written: ${event.detail}`;
		case "warning": return `warning: ${event.text}`;
	}
}
// dist/core/share.js
const limited = (share, what) => new Failure("share_limited", `the share '${share.name}' ${what}; it gives ${boundsText(share)}`, { hint: "ask for what it gives, or have its owner make another: `authsock share create`" });
/** What a request by this share becomes. Throws share_expired, share_limited, which say what is allowed. */
function bounded(share, profile, target, now) {
	if (now >= share.expiresAt) throw new Failure("share_expired", `the share '${share.name}' has ended`);
	const [first = ""] = share.profiles;
	const wanted = profile ?? first;
	if (!share.profiles.includes(wanted)) throw limited(share, `does not give '${wanted}'`);
	const extra = share.scope === void 0 ? [] : (target.scope ?? []).filter((scope) => share.scope?.includes(scope) !== true);
	if (extra.length > 0) throw limited(share, `does not give the scope ${extra.map((scope) => `'${scope}'`).join(", ")}`);
	for (const key of ["resource", "audience"]) {
		const asked = target[key];
		if (asked !== void 0 && asked !== share[key] && isFixed(share)) throw limited(share, `is not for ${key} '${asked}'`);
	}
	const { scope = share.scope } = target;
	const place = isFixed(share) ? share : target;
	return {
		profile: wanted,
		target: {
			...scope === void 0 ? {} : { scope },
			...place.resource === void 0 ? {} : { resource: place.resource },
			...place.audience === void 0 ? {} : { audience: place.audience }
		}
	};
}
/** Throws share_expired, share_limited. */
function boundedSecret(share, name, now) {
	if (now >= share.expiresAt) throw new Failure("share_expired", `the share '${share.name}' has ended`);
	if (!share.secrets.includes(name)) throw limited(share, `does not give the secret '${name}'`);
}
/** An ID token says who the user is, to whoever takes it, and knows no scope and no resource. Throws share_limited. */
function boundedIdToken(share) {
	if (!((share.scope === void 0 || share.scope.includes("openid")) && !isFixed(share))) throw limited(share, "gives no ID token, which it would with `openid` among its scopes and for no one resource");
}
/** The agent is on the machine's network, and whoever is behind a share need not be: it goes where it goes by itself. */
function boundedRole(share, { endpoint }) {
	if (endpoint !== void 0) throw limited(share, `asks nobody at '${endpoint.slice(0, 100)}'`);
}
/** Whatever else is asked of it. */
const notShared = (share) => limited(share, "answers requests for tokens and nothing else");
const isFixed = ({ resource, audience }) => resource !== void 0 || audience !== void 0;
/** For people. */
function boundsText({ profiles, secrets, scope, resource, audience }) {
	return [
		`tokens of ${profiles.map((profile) => `'${profile}'`).join(", ")}`,
		scope === void 0 ? void 0 : `with ${scope.join(" ")}`,
		resource === void 0 ? void 0 : `for ${resource}`,
		audience === void 0 ? void 0 : `for ${audience}`,
		secrets.length === 0 ? void 0 : `and the secrets ${secrets.join(", ")}`
	].filter((part) => part !== void 0).join(" ");
}
// dist/helpers/print.js
/** Of the last year that RFC 3339 can write. */
const endOfTime = Date.UTC(9999, 11, 31, 23, 59, 59);
/** RFC 3339, in whole seconds: what Go, Python and Java all read. */
const rfc3339 = (at) => new Date(Math.min(endOfTime, Math.floor(at / 1e3) * 1e3)).toISOString().replace(".000Z", "Z");
const unixTime = (at) => Math.floor(at / 1e3);
const jsonLine = (value) => `${JSON.stringify(value)}\n`;
/** As the command line says it. */
function failureText(failure) {
	const hint = failure.hint === "" ? "" : `hint: ${failure.hint}\n`;
	return `authsock: ${failure.message.replaceAll("\n", "\n          ")}\n${hint}`;
}
/** On one line, for tools that show only that. */
const failureLine = ({ message, hint }) => `authsock: ${message.replaceAll("\n", "; ")}${hint === "" ? "" : `; ${hint}`}`;
const failed = (failure) => ({
	stderr: failureText(failure),
	exit: failure.exitCode
});
/** A user name where neither a route nor a secret has one: some registries insist on theirs. */
function usernameAt({ username }, { host, username: asked }) {
	if (username !== void 0) return username;
	if (asked !== void 0) return asked;
	if (/(^|\.)(gcr\.io|pkg\.dev)$/.test(host)) return "oauth2accesstoken";
	if (host.endsWith(".azurecr.io")) return "00000000-0000-0000-0000-000000000000";
	if (host === "bitbucket.org") return "x-token-auth";
	return "oauth2";
}
/** A second line would be another attribute, header or field; a carriage return alone is one to some. Throws bad_request. */
function oneLine(text, ends = /[\n\0]/) {
	if (!ends.test(text)) return text;
	throw new Failure("bad_request", "the credential has several lines, which this tool cannot take");
}
/** The value of an Authorization header: Bearer for tokens, Basic for a secret with a user name. */
function authorization({ value, tokenType, username, from }) {
	const text = oneLine(value.reveal(), /[\r\n\0]/);
	if (from.kind === "profile") return `${schemeOf(tokenType)} ${text}`;
	if (username !== void 0) return `Basic ${Buffer.from(`${username}:${text}`).toString("base64")}`;
	return text.includes(" ") ? text : `Bearer ${text}`;
}
/** Servers write `bearer` in many ways; in a header it is written as RFC 6750 does. */
const schemeOf = (tokenType) => tokenType === void 0 || tokenType.toLowerCase() === "bearer" ? "Bearer" : tokenType;
const common = {
	scope: "value",
	resource: "value",
	audience: "value",
	"min-ttl": "value"
};
/** `[NAME] --scope S --resource R ...` and what the helper itself takes. Throws bad_request. */
function options(args, own = {}) {
	const taken = Object.entries({
		...common,
		...own
	}).map(([name, kind]) => [name, kind === "flag" ? { type: "boolean" } : {
		type: "string",
		multiple: name === "scope"
	}]);
	const { values, positionals } = parse$1(args, Object.fromEntries(taken));
	if (positionals.length > 1) throw new Failure("bad_request", `one profile is taken, not ${positionals.length}: ${positionals.join(" ")}`);
	const texts = Object.fromEntries(Object.entries(values).filter((entry) => typeof entry[1] === "string"));
	const { resource, audience, "min-ttl": minTtl } = texts;
	const scope = values["scope"]?.flatMap((text) => parseScope(text.replaceAll(",", " ")));
	if (minTtl !== void 0 && !/^\d{1,7}$/.test(minTtl)) throw new Failure("bad_request", `--min-ttl is '${minTtl}', not a number of seconds`);
	const [name] = positionals;
	return {
		...name === void 0 ? {} : { name },
		...minTtl === void 0 ? {} : { minTtl: Number(minTtl) },
		target: {
			...scope === void 0 ? {} : { scope },
			...resource === void 0 ? {} : { resource },
			...audience === void 0 ? {} : { audience }
		},
		flags: new Set(Object.keys(values).filter((key) => values[key] === true)),
		values: texts
	};
}
function parse$1(args, config) {
	try {
		return parseArgs({
			args: [...args],
			options: config,
			allowPositionals: true,
			strict: true
		});
	} catch (error) {
		throw new Failure("bad_request", error.message.split(/[.\n]/)[0]?.toLowerCase() ?? "wrong arguments", { hint: `known are ${Object.keys(config).map((name) => `--${name}`).join(", ")}` });
	}
}
/** Throws bad_request. */
function parseJson$1(text, what) {
	const json = tryJson(text);
	if (typeof json === "object" && json !== null && !Array.isArray(json)) return json;
	throw new Failure("bad_request", `${what} is not a JSON object`);
}
function tryJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		return;
	}
}
// dist/helpers/index.js
const adapters = {
	token: async () => (await import("./token-Dkt4xq8p.js")).token,
	header: async () => (await import("./token-Dkt4xq8p.js")).header,
	password: async () => (await import("./token-Dkt4xq8p.js")).password,
	git: async () => (await import("./git-BnYGcfUE.js")).git,
	docker: async () => (await import("./docker-BVKpa9iV.js")).docker,
	kubectl: async () => (await import("./kubectl-DfEjkpJ1.js")).kubectl,
	aws: async () => (await import("./aws-ucEuhdnk.js")).aws,
	google: async () => (await import("./google-BsbGcI1R.js")).google,
	cargo: async () => (await import("./cargo-CCKUKhRL.js")).cargo,
	terraform: async () => (await import("./terraform-EwTZArsU.js")).terraform,
	keyring: async () => (await import("./keyring-ebkrI9vn.js")).keyring,
	goauth: async () => (await import("./goauth-Bj7o7khj.js")).goauth,
	pnpm: async () => (await import("./pnpm-YCyPsQFN.js")).pnpm,
	bazel: async () => (await import("./bazel-Th_4DPfU.js")).bazel,
	claude: async () => (await import("./claude-GVNzKY7E.js")).claude,
	codex: async () => (await import("./token-Dkt4xq8p.js")).token,
	nuget: async () => (await import("./nuget-BhRvnYYD.js")).nuget
};
// dist/wire/helper-table.js
const helpers = [
	{
		name: "token",
		programs: ["authsock-token"],
		stdin: "none",
		env: [],
		about: "print an access token"
	},
	{
		name: "header",
		programs: [],
		stdin: "none",
		env: [],
		about: "print an Authorization header"
	},
	{
		name: "password",
		programs: [],
		stdin: "none",
		env: [],
		about: "print the credential of a URL or of a secret"
	},
	{
		name: "git",
		programs: ["git-credential-authsock"],
		stdin: "block",
		env: ["GIT_TERMINAL_PROMPT"],
		about: "git credential helper"
	},
	{
		name: "docker",
		programs: ["docker-credential-authsock"],
		stdin: "all",
		env: [],
		about: "Docker credential helper"
	},
	{
		name: "kubectl",
		programs: ["kubectl-credential-authsock"],
		stdin: "none",
		env: ["KUBERNETES_EXEC_INFO"],
		about: "kubectl exec plugin"
	},
	{
		name: "aws",
		programs: ["aws-credential-authsock"],
		stdin: "none",
		env: [
			"AWS_REGION",
			"AWS_DEFAULT_REGION",
			"AWS_ENDPOINT_URL_STS",
			"AWS_ENDPOINT_URL"
		],
		about: "AWS credential_process"
	},
	{
		name: "google",
		programs: ["google-credential-authsock"],
		stdin: "none",
		env: ["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"],
		about: "Google executable-sourced credential"
	},
	{
		name: "cargo",
		programs: ["cargo-credential-authsock"],
		stdin: "lines",
		env: [],
		about: "Cargo credential provider"
	},
	{
		name: "terraform",
		programs: ["terraform-credentials-authsock"],
		stdin: "all",
		env: [],
		about: "Terraform and OpenTofu credentials helper"
	},
	{
		name: "keyring",
		programs: ["keyring"],
		stdin: "none",
		env: [],
		about: "keyring for pip, uv and Python's keyring"
	},
	{
		name: "goauth",
		programs: ["goauth-authsock"],
		stdin: "none",
		env: [],
		about: "GOAUTH command"
	},
	{
		name: "pnpm",
		programs: ["pnpm-authsock"],
		stdin: "none",
		env: [],
		about: "pnpm tokenHelper"
	},
	{
		name: "bazel",
		programs: ["authsock-bazel"],
		stdin: "all",
		env: [],
		about: "Bazel credential helper"
	},
	{
		name: "claude",
		programs: ["authsock-claude"],
		stdin: "none",
		env: ["CLAUDE_CODE_MCP_SERVER_URL"],
		about: "Claude Code apiKeyHelper and headersHelper"
	},
	{
		name: "codex",
		programs: ["authsock-codex"],
		stdin: "none",
		env: [],
		about: "Codex model provider auth"
	},
	{
		name: "nuget",
		programs: ["nuget-plugin-authsock"],
		stdin: "lines",
		env: [],
		about: "NuGet plugin"
	}
];
const findHelper = (name) => helpers.find((each) => each.name === name);
// dist/wire/helper.js
const helperHeaders = {
	/** Bytes of the body that are stdout. */
	stdout: "Authsock-Stdout",
	/** The exit code; absent: the conversation goes on. */
	exit: "Authsock-Exit",
	/** A login to this profile, and the same request again, would help. */
	login: "Authsock-Login",
	/** For the program of the same name that comes next on the PATH. */
	passOn: "Authsock-Pass-On"
};
const unescape = (text) => text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
/** Throws bad_request. Lines of a kind that is not known are for a later version. */
function decodeHelperCall(body) {
	const args = [];
	const env = {};
	let terminal = false;
	for (let start = 0;;) {
		const end = body.indexOf(10, start);
		if (end < 0) throw new Failure("bad_request", "the call of a helper ends in the middle of its head");
		const line = body.toString("utf8", start, end);
		start = end + 1;
		if (line === "") return {
			args,
			env,
			terminal,
			stdin: body.subarray(start)
		};
		const [kind, value] = [line.slice(0, 4), unescape(line.slice(4))];
		const mark = value.indexOf("=");
		if (kind === "arg ") args.push(value);
		else if (kind === "env " && mark > 0) env[value.slice(0, mark)] = value.slice(mark + 1);
		else if (line === "terminal") terminal = true;
	}
}
// dist/agent/helper-calls.js
async function callHelper(name, body, { ports, throws, mayLogIn }) {
	const row = findHelper(name);
	if (row === void 0) {
		const close = closest(name, helpers.map((each) => each.name));
		const hint = close === void 0 ? `known are ${helpers.map((each) => each.name).join(", ")}` : `did you mean '${close}'?`;
		return outcome(failed(new Failure("not_found", `there is no helper '${name.slice(0, 40)}'`, { hint })));
	}
	const helper = await adapters[row.name]();
	let request = {
		args: [],
		env: {},
		stdin: ""
	};
	let terminal = false;
	try {
		const call = decodeHelperCall(body);
		terminal = call.terminal;
		request = {
			args: call.args,
			env: call.env,
			stdin: Buffer.from(call.stdin).toString()
		};
		return outcome(await helper.run(request, ports));
	} catch (error) {
		const failure = asFailure(error);
		if (throws) throw failure;
		const { profile } = failure.details;
		const needsLogin = failure.code === "login_required" || failure.code === "login_pending";
		const isBatch = () => !terminal || attempt(() => helper.isBatch?.(request)) === true;
		const login = needsLogin && profile !== void 0 && !isBatch() && await mayLogIn() ? profile : void 0;
		return {
			...outcome(attempt(() => helper.fail?.(failure, request)) ?? failed(failure), login),
			...failure.code === "unexpected" ? { defect: failure } : {}
		};
	}
}
/** What an adapter says of a request that it could not read may fail like the request did. */
function attempt(work) {
	try {
		return work();
	} catch {
		return;
	}
}
function outcome({ stdout = "", stderr = "", exit = 0, next }, login) {
	const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
	return {
		headers: {
			[helperHeaders.stdout]: String(out.length),
			...next === "more" ? {} : { [helperHeaders.exit]: String(exit) },
			...next === "pass_on" ? { [helperHeaders.passOn]: "1" } : {},
			...login === void 0 ? {} : { [helperHeaders.login]: login }
		},
		body: Buffer.concat([out, err])
	};
}
// dist/core/secret.js
const placeOfSecret = ({ url, username }) => {
	const place = url === void 0 ? void 0 : parsePlace(url);
	if (place === void 0) return void 0;
	return username === void 0 ? place : {
		...place,
		username
	};
};
const isExpired = ({ expiresAt }, now) => expiresAt !== void 0 && expiresAt <= now;
/** Prefixes by which issuers let their secrets be recognised; the longest first where one begins with another. */
const prefixes = [
	["github_pat_", "GitHub fine-grained token"],
	["ghp_", "GitHub personal access token"],
	["gho_", "GitHub OAuth token"],
	["ghu_", "GitHub user token"],
	["ghs_", "GitHub installation token"],
	["glpat-", "GitLab personal access token"],
	["gldt-", "GitLab deploy token"],
	["glrt-", "GitLab runner token"],
	["npm_", "npm token"],
	["pypi-", "PyPI token"],
	["cio", "crates.io token"],
	["dckr_pat_", "Docker Hub token"],
	["dop_v1_", "DigitalOcean token"],
	["hf_", "Hugging Face token"],
	["sk-ant-", "Anthropic API key"],
	["sk-proj-", "OpenAI API key"],
	["xoxb-", "Slack bot token"],
	["xoxp-", "Slack user token"],
	["sk_live_", "Stripe secret key"],
	["hvs.", "Vault token"],
	["AKIA", "AWS access key id"],
	["eyJ", "JSON Web Token"]
];
/** What the secret looks like, for display; undefined where nothing is known of it. */
const kindOfSecret = (value) => prefixes.find(([prefix]) => value.startsWith(prefix))?.[1];
const version$2 = 1;
function encodeSecret(secret) {
	return new TextEncoder().encode(JSON.stringify({
		version: version$2,
		...secret,
		value: secret.value.reveal()
	}));
}
/** Throws record_damaged. */
function decodeSecret(content, name) {
	const json = parse(content);
	const { value, url, username, createdAt, expiresAt, origin } = json;
	if (!(json["version"] === version$2 && json["name"] === name && typeof value === "string" && typeof createdAt === "number" && (origin === "user" || origin === "tool") && (url === void 0 || typeof url === "string") && (username === void 0 || typeof username === "string") && (expiresAt === void 0 || typeof expiresAt === "number"))) throw damaged(name);
	return {
		name,
		value: redact(value),
		createdAt,
		origin,
		...url === void 0 ? {} : { url },
		...username === void 0 ? {} : { username },
		...expiresAt === void 0 ? {} : { expiresAt }
	};
}
function parse(content) {
	try {
		const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
		return typeof json === "object" && json !== null ? json : {};
	} catch {
		return {};
	}
}
const damaged = (name) => new Failure("record_damaged", `the stored secret '${name}' cannot be read`, { hint: `the file is kept; \`authsock secret add ${name}\` replaces it` });
/** A name for what a tool stores: the host, the port and the user, and a number where that is taken by another place. */
function nameOfSecret(place, isTaken) {
	const { host, port, username } = place;
	const base = ([
		host.replace("*.", "any."),
		port,
		username
	].filter((part) => part !== void 0).join("-").toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-").replace(/^[._-]+/, "") || "secret").slice(0, 56);
	for (let count = 1;; count++) {
		const name = count === 1 ? base : `${base}-${count}`;
		if (!isTaken(name)) return name;
	}
}
// dist/core/record.js
const version$1 = 1;
function encodeRecord(record) {
	const { refreshToken, accessTokens, ...rest } = record;
	const plain = {
		version: version$1,
		...rest,
		refreshToken: refreshToken?.reveal(),
		accessTokens: accessTokens.map((token) => ({
			...token,
			value: token.value.reveal(),
			idToken: token.idToken?.reveal()
		}))
	};
	return new TextEncoder().encode(JSON.stringify(plain));
}
/** `generation` is the seal's, which is authenticated. Throws record_damaged. */
function decodeRecord(content, profile, generation) {
	try {
		return decode$1(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content)), profile, generation);
	} catch (error) {
		const why = error instanceof Misshapen ? error.message : "it is not JSON";
		throw new Failure("record_damaged", `the stored session of '${profile}' cannot be read: ${why}`, { profile });
	}
}
function decode$1(json, profile, generation) {
	const record = object$1(json, "record");
	if (record["version"] !== version$1) throw new Misshapen(`it is of version ${String(record["version"])}, not ${version$1}`);
	if (record["profile"] !== profile) throw new Misshapen(`it belongs to '${String(record["profile"])}'`);
	return {
		profile,
		generation,
		issuer: string(record["issuer"], "issuer"),
		clientId: string(record["clientId"], "clientId"),
		grant: oneOf(record["grant"], grants, "grant"),
		loggedInAt: number(record["loggedInAt"], "loggedInAt"),
		scope: strings(record["scope"], "scope"),
		accessTokens: array(record["accessTokens"], "accessTokens").map(decodeToken),
		...optional$1("refreshedAt", record["refreshedAt"], number),
		...optional$1("identity", record["identity"], decodeIdentity),
		...optional$1("refreshToken", record["refreshToken"], (value, at) => redact(string(value, at))),
		...optional$1("refreshTokenExpiresAt", record["refreshTokenExpiresAt"], number),
		...optional$1("intent", record["intent"], decodeIntent),
		...optional$1("loginRequired", record["loginRequired"], decodeReason)
	};
}
function decodeToken(json, index) {
	const token = object$1(json, `accessTokens[${index}]`);
	return {
		value: redact(string(token["value"], "value")),
		tokenType: string(token["tokenType"], "tokenType"),
		target: decodeTarget(token["target"]),
		scope: strings(token["scope"], "scope"),
		obtainedAt: number(token["obtainedAt"], "obtainedAt"),
		...optional$1("expiresAt", token["expiresAt"], number),
		...optional$1("idToken", token["idToken"], (value, at) => redact(string(value, at)))
	};
}
function decodeTarget(json) {
	const target = object$1(json, "target");
	return {
		...optional$1("scope", target["scope"], strings),
		...optional$1("resource", target["resource"], string),
		...optional$1("audience", target["audience"], string)
	};
}
function decodeIdentity(json) {
	const identity = object$1(json, "identity");
	return {
		issuer: string(identity["issuer"], "issuer"),
		subject: string(identity["subject"], "subject"),
		...optional$1("name", identity["name"], string),
		...optional$1("email", identity["email"], string),
		...optional$1("preferredUsername", identity["preferredUsername"], string)
	};
}
function decodeIntent(json) {
	const intent = object$1(json, "intent");
	return {
		digest: string(intent["digest"], "digest"),
		at: number(intent["at"], "at")
	};
}
function decodeReason(json) {
	const reason = object$1(json, "loginRequired");
	return {
		code: string(reason["code"], "code"),
		text: string(reason["text"], "text"),
		at: number(reason["at"], "at")
	};
}
var Misshapen = class extends Error {};
function wrong(at, wanted) {
	throw new Misshapen(`'${at}' is not ${wanted}`);
}
const string = (value, at) => typeof value === "string" ? value : wrong(at, "a string");
const number = (value, at) => typeof value === "number" && Number.isFinite(value) ? value : wrong(at, "a number");
const array = (value, at) => Array.isArray(value) ? value : wrong(at, "a list");
const strings = (value, at) => array(value, at).map((element) => string(element, at));
const object$1 = (value, at) => typeof value === "object" && value !== null && !Array.isArray(value) ? value : wrong(at, "an object");
const oneOf = (value, all, at) => all.find((each) => each === value) ?? wrong(at, `one of ${all.join(", ")}`);
/** `{ [key]: value }`, or nothing where there is none (exactOptionalPropertyTypes). */
const optional$1 = (key, value, decodeValue) => value === void 0 ? {} : { [key]: decodeValue(value, key) };
// dist/agent/session-store.js
const prefix$2 = "session.";
var SessionStore = class {
	#records;
	#warn;
	#seen;
	constructor(records, warn, seen) {
		this.#records = records;
		this.#warn = warn;
		this.#seen = seen;
	}
	static lockId(profile) {
		return prefix$2 + profile;
	}
	/** Fails with vault_locked, keychain_*, record_damaged. */
	async load(profile) {
		const sealed = await this.#records.read(prefix$2 + profile);
		if (sealed === void 0) return void 0;
		const record = decodeRecord(sealed.content.reveal(), profile, sealed.generation);
		if (sealed.recovered !== void 0) this.#warn(`session '${profile}': ${sealed.recovered}`);
		else await this.#checkAge(record);
		return record;
	}
	/** R13. */
	async #checkAge(record) {
		const id = prefix$2 + record.profile;
		if (await this.#seen?.isOutdated(id, seenOf(record)) !== true) return;
		if ((await this.#records.read(id))?.generation !== record.generation) return;
		this.#warn(`session '${record.profile}' is older than it was: the vault was restored or copied. Its refresh token may have been used since, and the next refresh may end in a login`);
	}
	/** As `load`, and what it gives is durable. */
	async loadDurable(profile) {
		const record = await this.load(profile);
		if (record !== void 0) await this.#records.sync();
		return record;
	}
	/** Durable when it resolves. */
	async save(record) {
		await this.#records.write(prefix$2 + record.profile, record.generation, encodeRecord(record));
		this.#seen?.note(prefix$2 + record.profile, seenOf(record));
	}
	async remove(profile) {
		await this.#records.remove(prefix$2 + profile);
	}
	/** What a new record of the profile must exceed. */
	latestGeneration(profile, now) {
		return latestGeneration(this.#records, prefix$2 + profile, now);
	}
};
const seenOf = ({ loggedInAt, generation }) => ({
	login: loggedInAt,
	generation
});
/** The generation that a new record must exceed. A damaged record's is unknown: no counter has reached the clock. */
async function latestGeneration(records, id, now) {
	try {
		return (await records.read(id))?.generation ?? 0;
	} catch (error) {
		if (error instanceof Failure && error.code === "record_damaged") return now;
		throw error;
	}
}
// dist/agent/secrets.js
const prefix$1 = "secret.";
const hour$1 = 36e5;
/** How long before its end a secret is spoken of, in ms. */
const notice = 168 * hour$1;
/** A suspended machine does not tick, and a timer takes 24 days at most. */
const longestWatch = 6 * hour$1;
var Secrets = class {
	#ports;
	#spokenOf = /* @__PURE__ */ new Set();
	#cancelWatch;
	#turn = Promise.resolve();
	constructor(ports) {
		this.#ports = ports;
	}
	/** All that can be read, by name; what is damaged is said once. Fails with vault_locked, keychain_*. */
	async all() {
		const ids = (await this.#ports.records.list()).filter((id) => id.startsWith(prefix$1));
		return (await Promise.all(ids.map((id) => this.#readOrWarn(id.slice(7))))).filter((secret) => secret !== void 0).sort((a, b) => a.name < b.name ? -1 : 1);
	}
	async get(name) {
		const sealed = await this.#ports.records.read(prefix$1 + name);
		return sealed === void 0 ? void 0 : decodeSecret(sealed.content.reveal(), name);
	}
	/** The one that says most about the place; one that has expired gives way to one that has not. */
	async find(place) {
		const now = this.#ports.clock.now();
		const all = await this.all();
		const candidates = [...all.filter(isAdded), ...all.filter((secret) => !isAdded(secret))].flatMap((secret) => {
			const at = placeOfSecret(secret);
			if (at === void 0) return [];
			return [{
				secret,
				at: isAdded(secret) || place.username !== void 0 ? at : bare$2(at)
			}];
		});
		return (longestMatch(place, candidates.filter(({ secret }) => !isExpired(secret, now)), ({ at }) => at) ?? longestMatch(place, candidates, ({ at }) => at))?.secret;
	}
	/** Durable when it resolves; what has the name is replaced. The vault must have been prepared. */
	put(secret) {
		return this.#inTurn(() => this.#put(secret));
	}
	async #put(secret) {
		const { clock, records } = this.#ports;
		const id = prefix$1 + secret.name;
		const generation = await latestGeneration(records, id, clock.now());
		await records.write(id, generation + 1, encodeSecret({
			...secret,
			createdAt: clock.now()
		}));
		this.#spokenOf.delete(secret.name);
		this.watch();
	}
	/** What a tool stores for a place: takes the place of what was stored there for the same user. Gives the name. */
	store(place, value, expiresAt) {
		return this.#inTurn(() => this.#store(place, value, expiresAt));
	}
	async #store(place, value, expiresAt) {
		const { username } = place;
		const url = placeText(bare$2(place));
		const same = (await this.all()).find((secret) => secret.origin === "tool" && secret.url === url && secret.username === username);
		const taken = new Set(await this.#ports.records.list());
		const name = same?.name ?? nameOfSecret(place, (name) => taken.has(prefix$1 + name));
		await this.#put({
			name,
			value,
			url,
			origin: "tool",
			...username === void 0 ? {} : { username },
			...expiresAt === void 0 ? {} : { expiresAt }
		});
		return name;
	}
	/** Throws not_found. */
	async remove(name) {
		if (!(await this.#ports.records.list()).includes(prefix$1 + name)) throw new Failure("not_found", `there is no secret '${name}'`, { hint: "`authsock secret list` shows those there are" });
		await this.#ports.records.remove(prefix$1 + name);
	}
	/** What a tool stored for exactly this place goes when the tool says so; with a value, only if it is that one. Gives the names. */
	async forget(place, value) {
		const gone = (await this.all()).filter((secret) => {
			if (secret.origin !== "tool" || value !== void 0 && secret.value.reveal() !== value) return false;
			const at = secret.url === void 0 ? void 0 : parsePlace(secret.url);
			return at !== void 0 && placeText(at) === placeText(bare$2(place)) && (place.username === void 0 || place.username === secret.username);
		});
		for (const { name } of gone) await this.#ports.records.remove(prefix$1 + name);
		return gone.map(({ name }) => name);
	}
	/** Speaks of those that end soon, once each, and looks again in time. */
	async watch() {
		const { clock, events } = this.#ports;
		this.#cancelWatch?.();
		const now = clock.now();
		const secrets = await this.all().catch(() => []);
		for (const text of secrets.flatMap((secret) => this.#spokenOf.has(secret.name) ? [] : warningOf(secret, now) ?? [])) events.publish({
			type: "warning",
			text
		});
		for (const secret of secrets) if (warningOf(secret, now) !== void 0) this.#spokenOf.add(secret.name);
		const waits = secrets.flatMap(({ expiresAt }) => expiresAt === void 0 ? [] : [expiresAt - notice, expiresAt]).filter((at) => at > now).map((at) => at - now);
		this.#cancelWatch?.();
		this.#cancelWatch = waits.length === 0 ? void 0 : clock.after(Math.min(...waits, longestWatch), () => void this.watch());
	}
	/** Sentences for the status. */
	async warnings() {
		const now = this.#ports.clock.now();
		return (await this.all()).flatMap((secret) => warningOf(secret, now) ?? []);
	}
	stop() {
		this.#cancelWatch?.();
	}
	/** One change after the other: each starts from what the one before has left. */
	#inTurn(work) {
		const turn = this.#turn.then(work);
		this.#turn = turn.catch(() => {});
		return turn;
	}
	async #readOrWarn(name) {
		try {
			return await this.get(name);
		} catch (error) {
			const failure = asFailure(error);
			if (failure.code !== "record_damaged") throw failure;
			if (!this.#spokenOf.has(name)) this.#ports.events.publish({
				type: "warning",
				text: failure.message
			});
			this.#spokenOf.add(name);
			return;
		}
	}
};
const isAdded = ({ origin }) => origin === "user";
/** For display. */
function secretStatus(secret) {
	const { name, value, url, username, createdAt, expiresAt, origin } = secret;
	const kind = kindOfSecret(value.reveal());
	return {
		name,
		origin,
		created_at: Math.floor(createdAt / 1e3),
		...url === void 0 ? {} : { url },
		...username === void 0 ? {} : { username },
		...kind === void 0 ? {} : { kind },
		...expiresAt === void 0 ? {} : { expires_at: Math.floor(expiresAt / 1e3) }
	};
}
function warningOf(secret, now) {
	const { name, expiresAt } = secret;
	if (expiresAt === void 0 || expiresAt - now > notice) return void 0;
	const when = fromNow(expiresAt / 1e3, now / 1e3);
	return isExpired(secret, now) ? `the secret '${name}' has expired (${when}): \`authsock secret add ${name}\` replaces it` : `the secret '${name}' expires ${when}`;
}
// dist/core/hash.js
/** A number in [0, 1), always the same for the same text. */
function fraction(text) {
	let hash = 2166136261;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
	return (hash >>> 0) / 2 ** 32;
}
// dist/core/schedule.js
const second = 1e3;
const minute = 60 * second;
/** A server that gives tokens shorter than this is asked on demand only: refreshing ahead would never rest. */
const shortestScheduled = 10 * second;
/** Where the server does not say how long a token lives. It is served until replaced, and replaced after this. */
const assumedLifetime = 60 * minute;
const clamp = (low, value, high) => Math.min(Math.max(low, value), high);
const lifetime = (token) => (token.expiresAt ?? token.obtainedAt + assumedLifetime) - token.obtainedAt;
/** How long before its expiry a token is replaced: a tenth of its life, at most five minutes. */
const lead = (token) => clamp(2 * second, lifetime(token) / 10, 5 * minute);
/** Milliseconds left; Infinity where the server does not say. */
const remaining = (token, now) => (token.expiresAt ?? Infinity) - now;
/** How far clocks may be moved without its mattering. */
const slack$2 = 10 * second;
/** The clock was set back: what was planned at `at` says nothing about now (R8). */
const isFromTheFuture = (at, now) => now < at - slack$2;
/** Late enough in a token's life that a caller who takes it should also start its replacement. */
const isAging = (token, now) => now >= (token.expiresAt ?? token.obtainedAt + assumedLifetime) - lead(token);
/**
* How much life a caller may insist on. More than a fresh token has cannot be had, and asking again would only
* spend refreshes: what a fresh token has, less a tenth, is the most. Without a wish: 30 seconds or a tenth.
*/
const requiredLife = (token, minTtl) => minTtl === void 0 ? Math.min(30 * second, lifetime(token) / 10) : Math.min(minTtl, lifetime(token) * .9);
/** The token of the login, kept first: the one refreshed ahead and shown in the status. */
const primaryToken = (record) => record.accessTokens[0];
const isRenewable = (record) => record.grant === "client_credentials" || record.refreshToken !== void 0;
/** When a session's token is to be replaced ahead of its expiry (R7); jitter keeps many sessions apart. */
function refreshDueAt(record) {
	const token = primaryToken(record);
	if (token === void 0 || !isRenewable(record) || lifetime(token) < shortestScheduled) return void 0;
	const jitter = 1 + fraction(`${record.profile}:${record.generation}`) / 2;
	return token.obtainedAt + lifetime(token) - lead(token) * jitter;
}
/** 1, 2, 4 ... seconds, at most five minutes, spread by up to a quarter. `attempts` counts from one. */
function backOff(attempts, seed) {
	return Math.min(2 ** Math.min(attempts - 1, 20) * second, 5 * minute) * (1 + fraction(`${seed}:${attempts}`) / 4);
}
/** When a session next needs looking at, whether or not anybody asks. */
function wakeAt(session, refreshesAhead, now) {
	const planned = (madeAt, at) => at !== void 0 && isFromTheFuture(madeAt, now) ? now : at;
	switch (session.kind) {
		case "active": return refreshesAhead ? planned(primaryToken(session.record)?.obtainedAt ?? now, refreshDueAt(session.record)) : void 0;
		case "troubled": return refreshesAhead || session.trouble.replayUntil !== void 0 ? planned(session.trouble.at, session.trouble.retryAt) : void 0;
		case "unsaved": return session.saving ? void 0 : planned(session.failedAt, session.retryAt);
		case "absent":
		case "refreshing":
		case "login_required": return;
	}
}
/** A timer does not tick while the machine sleeps, so none is set for longer than this (R8). */
const longestSleep = 5 * minute;
/** Milliseconds for a timer; undefined where nothing is due at all. */
const nextWake = (earliest, now) => earliest === void 0 ? void 0 : clamp(0, earliest - now, longestSleep);
// dist/core/tokens.js
/** P13: a token answers for the resource it was asked for, and for the scope that was asked for or granted. */
const answers = (token, target) => token.target.resource === target.resource && token.target.audience === target.audience && (sameScope(token.target.scope, target.scope) || target.scope !== void 0 && sameScope(token.scope, target.scope));
const findToken = (record, target) => record.accessTokens.find((token) => answers(token, target));
/** Of one login: then the generation says which is newer. After a logout it starts anew. */
const isSameLogin = (a, b) => a.loggedInAt === b.loggedInAt && a.issuer === b.issuer;
/** What counts under the lock: the store's word (another agent may have refreshed, or logged in), unless it has fallen behind (R10). */
const latest = (held, stored) => isSameLogin(held, stored) && stored.generation <= held.generation ? held : stored;
const loginRequired = (profile, reason) => new Failure("login_required", `profile '${profile}' needs a login: ${reason.text}`, { profile });
const fail = (failure) => ({
	kind: "fail",
	failure
});
/** `minTtl` in milliseconds. */
function decide(session, profile, target, minTtl, now) {
	if (session.kind === "absent") return fail(loginRequired(profile, session.reason));
	const { record } = session;
	const token = findToken(record, target);
	const left = token === void 0 ? 0 : remaining(token, now);
	const isSure = token !== void 0 && !isFromTheFuture(token.obtainedAt, now);
	if (isSure && left > 0 && left >= requiredLife(token, minTtl)) return {
		kind: "serve",
		token,
		refreshAhead: session.kind === "active" && isRenewable(record) && isAging(token, now)
	};
	const orLess = (otherwise) => token !== void 0 && left > 0 ? {
		kind: "serve",
		token,
		refreshAhead: false
	} : fail(otherwise);
	switch (session.kind) {
		case "active":
			if (isRenewable(record)) return { kind: "refresh" };
			return orLess(loginRequired(profile, withoutRefreshToken(now)));
		case "troubled": {
			const { trouble } = session;
			const mayReplay = trouble.replayUntil !== void 0 && now < trouble.replayUntil;
			if (trouble.ambiguous && !mayReplay && isSure && left > 0) return orLess(trouble.failure);
			if (now >= trouble.notBefore || isFromTheFuture(trouble.at, now)) return { kind: "refresh" };
			return orLess(retryLater(trouble.failure, trouble.notBefore, now).of(profile));
		}
		case "refreshing": return { kind: "wait" };
		case "unsaved": return orLess(retryLater(session.failure, session.retryAt, now).of(profile));
		case "login_required": return fail(loginRequired(profile, session.reason));
	}
}
const withoutRefreshToken = (now) => ({
	code: "no_refresh_token",
	text: "the access token has expired and the server gave no refresh token",
	at: now
});
const retryLater = (failure, at, now) => new Failure(failure.code, failure.message, {
	...failure.details,
	retryAfter: Math.max(1, Math.ceil((at - now) / 1e3))
});
/** Asking for all that the session has is asking for no scope in particular: both share one token and one refresh. */
function canonicalTarget(record, { scope, ...rest }) {
	return scope === void 0 || sameScope(scope, record.scope) ? rest : {
		...rest,
		scope
	};
}
/** The scope granted: the server's word, else what was asked for, else what the session has (RFC 6749 section 5.1, P14). */
function accessToken(response, target, sessionScope) {
	return {
		value: response.accessToken,
		tokenType: response.tokenType,
		target,
		scope: response.scope === void 0 ? target.scope ?? sessionScope : normalScope(response.scope),
		obtainedAt: response.receivedAt,
		...response.expiresIn === void 0 ? {} : { expiresAt: response.receivedAt + response.expiresIn * 1e3 },
		...response.idToken === void 0 ? {} : { idToken: response.idToken }
	};
}
/** A resource server has refused this access token: it has expired, whatever its server said, and is served no more. */
function withRefused(record, value, now) {
	const index = record.accessTokens.findIndex((token) => token.value.reveal() === value);
	const token = record.accessTokens[index];
	if (token === void 0 || remaining(token, now) <= 0 || !isRenewable(record)) return record;
	return {
		...record,
		accessTokens: record.accessTokens.with(index, {
			...token,
			expiresAt: now
		})
	};
}
/** A record does not grow without end: tokens for more targets than this push out the oldest but the first. */
const mostTokens = 64;
/** Puts a token in the place of the one it replaces, and drops the others that have expired. */
function withToken(tokens, fresh, now) {
	const index = tokens.findIndex((token) => sameTarget(token.target, fresh.target));
	const kept = (index < 0 ? [...tokens, fresh] : tokens.with(index, fresh)).filter((token, at) => at === 0 || token === fresh || remaining(token, now) > 0);
	return kept.length <= mostTokens ? kept : kept.toSpliced(1, kept.length - mostTokens);
}
// dist/core/limits.js
/** When the session ends by them, and why; undefined: it has none. `usedAt`: when somebody last asked for one of its tokens. */
function endOf({ lifetime, idleLimit }, { loggedInAt }, usedAt) {
	if (lifetime === void 0 && idleLimit === void 0) return void 0;
	const first = [...lifetime === void 0 ? [] : [{
		at: loggedInAt + lifetime * 1e3,
		text: `its ${duration(lifetime)} are over (lifetime)`
	}], ...idleLimit === void 0 ? [] : [{
		at: usedAt + idleLimit * 1e3,
		text: `nobody has used it for ${duration(idleLimit)} (idle_limit)`
	}]].sort((a, b) => a.at - b.at)[0];
	return first === void 0 ? void 0 : {
		code: "expired",
		...first
	};
}
// dist/core/wakes.js
var Wakes = class {
	/** A binary heap by time; what was planned otherwise since then is still in it, and is passed over. */
	#heap = [];
	#planned = /* @__PURE__ */ new Map();
	/** Undefined: nothing of it is due any more. */
	plan(item, at) {
		if (this.#planned.get(item)?.at === at) return;
		if (at === void 0) {
			this.#planned.delete(item);
			return;
		}
		const planned = {
			at,
			item
		};
		this.#planned.set(item, planned);
		this.#push(planned);
		if (this.#heap.length > 2 * this.#planned.size + 64) this.#sweep();
	}
	/** The earliest. */
	next() {
		return this.#top()?.at;
	}
	/** Takes out what is due, the earliest first. */
	*due(now) {
		for (let top = this.#top(); top !== void 0 && top.at <= now; top = this.#top()) {
			this.#planned.delete(top.item);
			this.#pop();
			yield top.item;
		}
	}
	clear() {
		this.#heap.length = 0;
		this.#planned.clear();
	}
	#top() {
		for (;;) {
			const top = this.#heap[0];
			if (top === void 0 || this.#planned.get(top.item) === top) return top;
			this.#pop();
		}
	}
	#push(planned) {
		const heap = this.#heap;
		let index = heap.push(planned) - 1;
		while (index > 0) {
			const parent = index - 1 >> 1;
			const above = heap[parent];
			if (above === void 0 || above.at <= planned.at) break;
			heap[index] = above;
			index = parent;
		}
		heap[index] = planned;
	}
	#pop() {
		const heap = this.#heap;
		const last = heap.pop();
		if (last === void 0 || heap.length === 0) return;
		let index = 0;
		for (;;) {
			const left = heap[2 * index + 1];
			const right = heap[2 * index + 2];
			const child = right !== void 0 && left !== void 0 && right.at < left.at ? right : left;
			if (child === void 0 || child.at >= last.at) break;
			heap[index] = child;
			index = 2 * index + (child === left ? 1 : 2);
		}
		heap[index] = last;
	}
	/** What is passed over anyway is let go of. */
	#sweep() {
		const kept = [...this.#planned.values()];
		this.#heap.length = 0;
		for (const planned of kept) this.#push(planned);
	}
};
// dist/agent/alarm.js
/** ms by which a clock may be set without everything being looked at. */
const slack$1 = 1e4;
var Alarm = class {
	#ports;
	#wakes = new Wakes();
	#cancel;
	#isQueued = false;
	#isStopped = false;
	#seenAt = 0;
	#expectedAt = 0;
	constructor(ports) {
		this.#ports = ports;
	}
	/** It is due at another time, perhaps. The timer is set anew once after a burst of changes. */
	changed(item) {
		if (this.#isStopped) return;
		this.#plan(item);
		this.#set();
	}
	/** Everything is looked at anew. */
	start() {
		this.#isStopped = false;
		this.#planAll();
		this.#set();
	}
	stop() {
		this.#isStopped = true;
		this.#cancel?.();
		this.#wakes.clear();
	}
	#plan(item) {
		this.#wakes.plan(item, this.#ports.wakeOf(item));
	}
	#planAll() {
		this.#wakes.clear();
		for (const item of this.#ports.all()) this.#plan(item);
	}
	#set() {
		if (this.#isQueued) return;
		this.#isQueued = true;
		queueMicrotask(() => {
			this.#isQueued = false;
			this.#cancel?.();
			if (this.#isStopped) return;
			const now = this.#ports.clock.now();
			if (now < this.#seenAt - slack$1) this.#planAll();
			this.#seenAt = now;
			const delay = nextWake(this.#wakes.next(), now);
			this.#expectedAt = now + (delay ?? 0);
			this.#cancel = delay === void 0 ? void 0 : this.#ports.clock.after(delay, () => this.#ring());
		});
	}
	#ring() {
		const now = this.#ports.clock.now();
		if (Math.abs(now - this.#expectedAt) > slack$1) this.#planAll();
		this.#seenAt = now;
		const due = [...this.#wakes.due(now)];
		for (const item of due) this.#ports.ring(item, now);
		for (const item of due) this.#plan(item);
		if (due.length === 0) this.#planAll();
		this.#set();
	}
};
// dist/core/endings.js
/** What stays from step to step. */
const base = ({ target, startedAt, attempts, replayGrace }) => ({
	kind: "refreshing",
	target,
	startedAt,
	attempts,
	replayGrace
});
const loginNeeded = (record, reason) => ({
	kind: "login_required",
	reason,
	failure: loginRequired(record.profile, reason)
});
const troubled = (trouble) => ({
	kind: "troubled",
	trouble,
	failure: trouble.failure
});
/** Writes down that nothing is in doubt any more (and what the verdict was), then concludes. */
function note(session, ending) {
	const { record } = session;
	if (record.intent === void 0 && ending.kind !== "login_required") return conclude(session, record, ending);
	const { intent: _answered, ...kept } = record;
	const next = {
		...kept,
		generation: record.generation + 1,
		...ending.kind === "login_required" ? { loginRequired: ending.reason } : {}
	};
	return {
		session: {
			...base(session),
			step: "conclude",
			record,
			next,
			ending
		},
		effects: [{
			type: "save",
			record: next
		}]
	};
}
function conclude({ target }, record, ending) {
	const effects = [{ type: "release_lock" }, {
		type: "answer",
		target,
		outcome: ending.failure
	}];
	switch (ending.kind) {
		case "active": return {
			session: {
				kind: "active",
				record
			},
			effects
		};
		case "troubled": {
			const { trouble } = ending;
			effects.push({
				type: "notify",
				notice: {
					type: "refresh_failed",
					failure: trouble.failure,
					retryAt: trouble.retryAt
				}
			});
			return {
				session: {
					kind: "troubled",
					record,
					trouble
				},
				effects
			};
		}
		case "login_required":
			effects.push({
				type: "notify",
				notice: {
					type: "login_required",
					reason: ending.reason
				}
			});
			return {
				session: {
					kind: "login_required",
					record,
					reason: ending.reason
				},
				effects
			};
	}
}
// dist/core/trouble.js
/** A caller in need need not wait for the timer: a network that is back is noticed within this. */
const patience$4 = 5e3;
/** However long a server asks to wait. */
const longestRetryAfter = 864e5;
/** Of a grace period, what is left for the request to reach the server: a quarter, at most this. */
const longestTransit = 5e3;
/** The refresh token is as good as it was. */
function plainTrouble(record, failure, attempts, now) {
	const pause = backOff(attempts, record.profile);
	const asked = failure.details.retryAfter;
	const kind = {
		failure,
		attempts,
		at: now,
		ambiguous: false
	};
	if (asked === void 0) return {
		...kind,
		retryAt: now + pause,
		notBefore: now + Math.min(pause, patience$4)
	};
	const retryAt = now + Math.min(Math.max(asked * 1e3, pause), longestRetryAfter);
	return {
		...kind,
		retryAt,
		notBefore: now + Math.min(asked * 1e3, longestRetryAfter)
	};
}
/**
* The refresh token may have been spent. Within a known grace period of the server it is sent again at once: the answer is
* then had after all. Otherwise it is not, while a live access token can be served; then it is tried.
*/
function ambiguousTrouble(record, failure, attempts, now, replayGrace) {
	const pause = attempts === 0 ? 0 : backOff(attempts, record.profile);
	const kind = {
		failure,
		attempts,
		at: now,
		ambiguous: true
	};
	const replayUntil = endOfGrace(record, replayGrace, now);
	if (now < replayUntil) {
		const retryAt = Math.min(now + pause, Math.max(now, replayUntil - 1));
		return {
			...kind,
			replayUntil,
			retryAt,
			notBefore: Math.min(retryAt, now + patience$4)
		};
	}
	const served = servedUntil(record, now);
	return {
		...kind,
		retryAt: Math.max(served, now + pause),
		notBefore: Math.max(served, now + Math.min(pause, patience$4))
	};
}
/** How long the access token can stand in for a refresh; `now` where it cannot, or where nobody knows what is left of it. */
function servedUntil(record, now) {
	const token = primaryToken(record);
	return token === void 0 || isFromTheFuture(token.obtainedAt, now) ? now : Math.max(now, token.expiresAt ?? now);
}
/** The server counts from its first answer, which cannot have come before the intent was written (by a clock that is not ahead). */
function endOfGrace({ intent }, replayGrace, now) {
	if (intent === void 0 || replayGrace === 0 || isFromTheFuture(intent.at, now)) return -Infinity;
	return intent.at + replayGrace - Math.min(longestTransit, replayGrace / 4);
}
// dist/core/transitions.js
const stay = (session) => ({
	session,
	effects: []
});
function transition(session, event, now) {
	switch (session.kind) {
		case "active": return event.type === "refresh" ? begin(session.record, event, 0, now) : stay(session);
		case "troubled": return event.type === "refresh" ? retry(session.record, session.trouble, event, now) : stay(session);
		case "refreshing": return refreshing(session, event, now);
		case "unsaved": return unsaved(session, event, now);
		case "absent":
		case "login_required": return stay(session);
	}
}
/** The state that a stored record speaks of; an intent left behind means that its refresh token may have been spent. */
function resume(record, now, replayGrace) {
	if (record.loginRequired !== void 0) return {
		kind: "login_required",
		record,
		reason: record.loginRequired
	};
	if (record.intent === void 0) return {
		kind: "active",
		record
	};
	return {
		kind: "troubled",
		record,
		trouble: ambiguousTrouble(record, new Failure("server_timeout", "the agent stopped while a refresh was under way; its answer is not known", { profile: record.profile }), 0, now, replayGrace)
	};
}
/** What was planned for a grace period that is over, or by another clock, is planned anew: the live token comes first (R4). */
function retry(record, trouble, wish, now) {
	const mayReplay = trouble.replayUntil !== void 0 && now < trouble.replayUntil;
	if (trouble.ambiguous && !mayReplay && now < servedUntil(record, now)) return stay({
		kind: "troubled",
		record,
		trouble: ambiguousTrouble(record, trouble.failure, trouble.attempts, now, 0)
	});
	return begin(record, wish, trouble.attempts, now);
}
function begin(record, { target, replayGrace }, attempts, now) {
	if (!isRenewable(record)) return stay({
		kind: "active",
		record
	});
	return {
		session: {
			kind: "refreshing",
			step: "lock",
			record,
			target,
			startedAt: now,
			attempts,
			replayGrace
		},
		effects: [{ type: "acquire_lock" }]
	};
}
function refreshing(session, event, now) {
	switch (session.step) {
		case "lock":
			if (event.type === "lock_acquired") return locked$1(session, event.stored, event.digest, now);
			if (event.type === "lock_failed") return notStarted(session, event.failure, [], now);
			return stay(session);
		case "journal":
			if (event.type === "saved") return post(session, session.next, session.record.intent?.digest === session.next.intent?.digest);
			if (event.type === "save_failed") return notStarted(session, event.failure, [{ type: "release_lock" }], now);
			return stay(session);
		case "post":
			if (event.type === "tokens") return store(session, event.response, now);
			if (event.type === "refused") return refused(session, session.doubt, event.refusal, now);
			return stay(session);
		case "check": return event.type === "checked" ? checked(session, session, event, now) : stay(session);
		case "store":
			if (event.type === "saved") return stored(session.next, session.target);
			if (event.type === "save_failed") return notSaved(session, session.next, session.target, event.failure, 1, now);
			return stay(session);
		case "outdone": return event.type === "checked" ? outdone(session, event.stored, now) : stay(session);
		case "conclude":
			if (event.type === "saved") return conclude(session, session.next, session.ending);
			if (event.type === "save_failed") return conclude(session, session.record, session.ending);
			return stay(session);
	}
}
/** Under the lock the store has the last word: another agent may have refreshed, logged in or logged out (R9). */
function locked$1(session, stored, digest, now) {
	if (stored === void 0) return vanished(session, now);
	const record = latest(session.record, stored);
	return (record === session.record ? void 0 : adopt(session, record, now)) ?? leaveAlone(session, record, digest, now) ?? journal(session, record, digest, now);
}
/** Another agent's newer record, where it settles the matter. */
function adopt({ record, target, replayGrace }, newer, now) {
	const resumed = resume(newer, now, replayGrace);
	const settle = (outcome) => ({
		session: resumed,
		effects: [{ type: "release_lock" }, {
			type: "answer",
			target,
			outcome
		}]
	});
	if (resumed.kind === "login_required") return settle(loginRequired(newer.profile, resumed.reason));
	const token = findToken(newer, target);
	if (!(token !== void 0 && !isFromTheFuture(token.obtainedAt, now) && remaining(token, now) > 0) || remaining(token, now) < requiredLife(token, void 0)) return void 0;
	const held = newer.loggedInAt === record.loggedInAt ? findToken(record, target) : void 0;
	return token.obtainedAt > (held?.obtainedAt ?? -Infinity) ? settle(token) : void 0;
}
/** A refresh that is in doubt is not repeated while an access token lives, whoever has sent it (R4). */
function leaveAlone(session, record, digest, now) {
	if (record.intent === void 0 || record.intent.digest !== digest) return void 0;
	const resumed = resume(record, now, session.replayGrace);
	if (resumed.kind !== "troubled" || now >= resumed.trouble.notBefore) return void 0;
	const { failure, notBefore } = resumed.trouble;
	const token = findToken(record, session.target);
	const outcome = token !== void 0 && remaining(token, now) > 0 ? token : retryLater(failure, notBefore, now);
	return {
		session: resumed,
		effects: [{ type: "release_lock" }, {
			type: "answer",
			target: session.target,
			outcome
		}]
	};
}
function vanished(session, now) {
	const reason = {
		code: "logged_out",
		text: "it was logged out",
		at: now
	};
	return {
		session: {
			kind: "absent",
			reason
		},
		effects: [{ type: "release_lock" }, {
			type: "answer",
			target: session.target,
			outcome: loginRequired(session.record.profile, reason)
		}]
	};
}
/**
* Nothing is spent where there is no refresh token. An intent that is there already is written all the same, with its time:
* that it could be read does not say that it is durable.
*/
function journal(session, record, digest, now) {
	if (!isRenewable(record)) return conclude(session, record, {
		kind: "active",
		failure: noRefreshToken(record)
	});
	if (record.refreshToken === void 0 || digest === void 0) return post(session, record, false);
	const intent = record.intent?.digest === digest ? record.intent : {
		digest,
		at: now
	};
	const next = {
		...record,
		generation: record.generation + 1,
		intent
	};
	return {
		session: {
			...base(session),
			step: "journal",
			record,
			next
		},
		effects: [{
			type: "save",
			record: next
		}]
	};
}
const noRefreshToken = (record) => loginRequired(record.profile, {
	code: "no_refresh_token",
	text: "the session has no refresh token",
	at: record.loggedInAt
});
function post(session, record, doubt) {
	return {
		session: {
			...base(session),
			step: "post",
			record,
			doubt
		},
		effects: [{
			type: "post",
			record,
			target: session.target
		}]
	};
}
/** Nothing was sent: the lock or the disk stood in the way (R11). */
function notStarted(session, failure, effects, now) {
	const { record, target, attempts, replayGrace } = session;
	const trouble = resume(record, now, replayGrace).kind === "troubled" ? ambiguousTrouble(record, failure, attempts + 1, now, replayGrace) : plainTrouble(record, failure, attempts + 1, now);
	return {
		session: {
			kind: "troubled",
			record,
			trouble
		},
		effects: [
			...effects,
			{
				type: "answer",
				target,
				outcome: failure.of(record.profile)
			},
			{
				type: "notify",
				notice: {
					type: "refresh_failed",
					failure,
					retryAt: trouble.retryAt
				}
			}
		]
	};
}
function store(session, response, now) {
	const { record, target } = session;
	const token = accessToken(response, target, record.scope);
	const { intent: _spent, refreshTokenExpiresAt: _former, ...kept } = record;
	const refreshToken = response.refreshToken ?? record.refreshToken;
	const refreshTokenExpiresAt = response.refreshTokenExpiresIn === void 0 ? response.refreshToken === void 0 ? record.refreshTokenExpiresAt : void 0 : response.receivedAt + response.refreshTokenExpiresIn * 1e3;
	const next = {
		...kept,
		generation: record.generation + 1,
		refreshedAt: response.receivedAt,
		scope: target.scope === void 0 && response.scope !== void 0 ? normalScope(response.scope) : record.scope,
		accessTokens: withToken(record.accessTokens, token, now),
		...refreshToken === void 0 ? {} : { refreshToken },
		...refreshTokenExpiresAt === void 0 ? {} : { refreshTokenExpiresAt }
	};
	return {
		session: {
			...base(session),
			step: "store",
			record,
			next
		},
		effects: [{
			type: "save",
			record: next
		}]
	};
}
/** Durable: now, and not before, may anybody see the token (R2). */
function stored(record, target) {
	const token = record.accessTokens.find((token) => sameTarget(token.target, target));
	return {
		session: {
			kind: "active",
			record
		},
		effects: [
			...token === void 0 ? [] : [{
				type: "answer",
				target,
				outcome: token
			}],
			{ type: "release_lock" },
			{
				type: "notify",
				notice: {
					type: "refreshed",
					record
				}
			}
		]
	};
}
/** Another agent took the lock for a dead one's, and has written: its record is the newer one. */
function outdone(session, stored, now) {
	if (stored === void 0) return vanished(session, now);
	const { target, replayGrace } = session;
	const token = findToken(stored, target);
	const failure = new Failure("record_superseded", "another agent has refreshed this session meanwhile");
	const outcome = token !== void 0 && remaining(token, now) > 0 ? token : failure.of(stored.profile);
	return {
		session: resume(stored, now, replayGrace),
		effects: [{ type: "release_lock" }, {
			type: "answer",
			target,
			outcome
		}]
	};
}
function notSaved({ record }, next, target, failure, attempts, now) {
	if (failure.code === "record_superseded") return {
		session: {
			kind: "refreshing",
			target,
			startedAt: now,
			attempts: 0,
			replayGrace: 0,
			step: "outdone",
			record
		},
		effects: [{ type: "read" }]
	};
	const retryAt = now + Math.min(backOff(attempts, record.profile), 15e3);
	return {
		session: {
			kind: "unsaved",
			record,
			next,
			target,
			failure,
			attempts,
			failedAt: now,
			retryAt,
			saving: false
		},
		effects: [{
			type: "answer",
			target,
			outcome: failure.of(record.profile)
		}, ...attempts === 1 ? [{
			type: "notify",
			notice: {
				type: "refresh_failed",
				failure,
				retryAt
			}
		}] : []]
	};
}
function unsaved(session, event, now) {
	const { next, target, saving } = session;
	if (event.type === "wake" && !saving) return {
		session: {
			...session,
			saving: true
		},
		effects: [{
			type: "save",
			record: next
		}]
	};
	if (event.type === "saved" && saving) return stored(next, target);
	if (event.type === "save_failed" && saving) return notSaved(session, next, target, event.failure, session.attempts + 1, now);
	return stay(session);
}
function refused(session, doubt, refusal, now) {
	const { record, replayGrace } = session;
	const failure = refusal.failure.of(record.profile);
	const attempts = session.attempts + 1;
	switch (refusal.kind) {
		case "no_answer": return record.intent === void 0 ? conclude(session, record, troubled(plainTrouble(record, failure, attempts, now))) : conclude(session, record, troubled(ambiguousTrouble(record, failure, attempts, now, replayGrace)));
		case "not_sent":
		case "busy":
		case "client_refused":
			if (doubt) return conclude(session, record, troubled(ambiguousTrouble(record, failure, attempts, now, replayGrace)));
			return note(session, troubled(plainTrouble(record, failure, attempts, now)));
		case "refused": return isPrimary(record, session.target) ? note(session, troubled(plainTrouble(record, failure, attempts, now))) : note(session, {
			kind: "active",
			failure
		});
		case "invalid_grant": return {
			session: {
				...base(session),
				step: "check",
				record,
				doubt,
				refusal
			},
			effects: [{ type: "read" }]
		};
		case "identity_changed": return note(session, loginNeeded(record, {
			code: "identity_changed",
			text: refusal.failure.message,
			at: now
		}));
	}
}
const isPrimary = (record, target) => {
	const primary = primaryToken(record);
	return primary !== void 0 && primary === findToken(record, target);
};
/** R5: the token was refused. If the store has moved on meanwhile, the refusal was about an older one. */
function checked(session, { doubt, refusal }, { stored, digest }, now) {
	const { record } = session;
	if (stored === void 0) return vanished(session, now);
	if (latest(record, stored) !== record) return locked$1({
		...base(session),
		step: "lock",
		record
	}, stored, digest, now);
	const reason = doubt ? {
		code: "refused_after_ambiguous",
		text: `an earlier refresh was sent and its answer lost; the server now refuses the refresh token (${refusal.failure.message})`,
		at: now
	} : {
		code: "refused",
		text: refusal.failure.message,
		at: now
	};
	return note(session, loginNeeded(record, reason));
}
// dist/agent/live-session.js
/** How long a refresh waits for another agent's, in ms: longer than that one's own time-outs. */
const lockTimeout = 45e3;
/** How long a caller waits for more life than the live token has, in ms. */
const longestInsistence = 5e3;
var LiveSessionRunner = class {
	profile;
	#ports;
	#waiters = /* @__PURE__ */ new Set();
	#state;
	/** The chain of effects under way, if one is. */
	#running;
	#abort = new AbortController();
	#held;
	constructor(profile, record, ports) {
		this.profile = profile;
		this.#ports = ports;
		this.#state = record === void 0 ? absent("never_logged_in", "nobody has logged in yet", 0) : this.#resume(record);
	}
	get state() {
		return this.#state;
	}
	get isBusy() {
		return this.#running !== void 0;
	}
	/** A token for the target, from the cache or by one refresh shared by all who ask (R1). `minTtl` in ms. Throws a Failure. */
	token(wanted, minTtl) {
		const target = this.#state.kind === "absent" ? wanted : canonicalTarget(this.#state.record, wanted);
		const decision = decide(this.#state, this.profile, target, minTtl, this.#ports.clock.now());
		switch (decision.kind) {
			case "serve":
				if (decision.refreshAhead) this.#refresh(decision.token.target);
				return decision.token;
			case "fail": throw decision.failure;
			case "refresh":
			case "wait": return new Promise((resolve, reject) => {
				const waiter = {
					target,
					minTtl,
					resolve,
					reject,
					cancel: () => {}
				};
				this.#waiters.add(waiter);
				this.#settleForLess(waiter);
				if (decision.kind === "refresh") this.#refresh(target);
			});
		}
	}
	/** R7: who insists on more life than the token has is not kept waiting by a server that hangs. */
	#settleForLess(waiter) {
		const { clock } = this.#ports;
		const live = () => {
			const token = this.#state.kind === "absent" ? void 0 : findToken(this.#state.record, waiter.target);
			return token !== void 0 && remaining(token, clock.now()) > 0 ? token : void 0;
		};
		if (live() === void 0) return;
		waiter.cancel = clock.after(longestInsistence, () => {
			const token = live();
			if (token !== void 0 && this.#waiters.delete(waiter)) waiter.resolve(token);
		});
	}
	#forget(waiter) {
		this.#waiters.delete(waiter);
		waiter.cancel();
	}
	/** A server has refused this access token. Whether it was one of this session's. */
	refused(value) {
		const state = this.#state;
		if (state.kind === "absent" || !state.record.accessTokens.some((token) => token.value.reveal() === value)) return false;
		if (this.#running === void 0 && (state.kind === "active" || state.kind === "troubled")) {
			this.#state = {
				...state,
				record: withRefused(state.record, value, this.#ports.clock.now())
			};
			this.#ports.changed();
		}
		return true;
	}
	/** Another agent over the same home may have logged in since: looks at the store before a caller is told to. */
	async reload() {
		if (this.#running !== void 0 || this.#state.kind !== "absent" && this.#state.kind !== "login_required") return;
		const stored = await this.#ports.store.loadDurable(this.profile);
		if (this.#running !== void 0 || stored === void 0) return;
		if (this.#state.kind === "login_required" && latest(this.#state.record, stored) === this.#state.record) return;
		this.#state = this.#resume(stored);
		this.#ports.changed();
	}
	/** When the session next needs `wake`, by the wall clock. */
	wakeAt(refreshesAhead) {
		return this.#running === void 0 ? wakeAt(this.#state, refreshesAhead, this.#ports.clock.now()) : void 0;
	}
	/** Does what is due: a refresh ahead of expiry, a retry, or saving what could not be saved. */
	wake() {
		if (this.#state.kind === "unsaved") this.#start({ type: "wake" });
		else if (this.#state.kind === "active" || this.#state.kind === "troubled") this.#refresh(primaryToken(this.#state.record)?.target ?? {});
	}
	/** Replaces the session by a new login's. Durable when it resolves; callers who waited are answered from it. */
	async replace(record) {
		return this.#alone(async () => {
			const latest = await this.#ports.store.latestGeneration(this.profile, this.#ports.clock.now());
			const known = this.#state.kind === "absent" ? 0 : this.#state.record.generation;
			const next = {
				...record,
				generation: Math.max(latest, known) + 1
			};
			await this.#ports.store.save(next);
			this.#state = {
				kind: "active",
				record: next
			};
			return next;
		});
	}
	/** Deletes the session; `before` runs while it is still there, under the lock. */
	async remove(before) {
		await this.#alone(async () => {
			await before(this.#newestHeld());
			await this.#ports.store.remove(this.profile);
			this.#state = absent("logged_out", "it was logged out", this.#ports.clock.now());
		});
	}
	/** Deletes the session of one login, which is over, unless somebody has logged in anew: then it resolves to false. */
	async end(loggedInAt, reason, before) {
		return this.#alone(async () => {
			const held = this.#newestHeld();
			const stored = await this.#ports.store.loadDurable(this.profile);
			const newest = held === void 0 || stored === void 0 ? held ?? stored : latest(held, stored);
			if (newest?.loggedInAt !== loggedInAt) {
				if (newest !== void 0 && newest !== held) this.#state = this.#resume(newest);
				return false;
			}
			await before(newest);
			await this.#ports.store.remove(this.profile);
			this.#state = {
				kind: "absent",
				reason
			};
			return true;
		});
	}
	#newestHeld() {
		if (this.#state.kind === "absent") return void 0;
		return this.#state.kind === "unsaved" ? this.#state.next : this.#state.record;
	}
	/** Stops what is under way and resolves when nothing is. What was rotated is saved first. */
	async stop() {
		await this.#running;
		if (this.#state.kind === "unsaved") {
			this.#start({ type: "wake" });
			await this.#running;
		}
	}
	/** Ends a request that hangs; its outcome is then ambiguous. */
	interrupt() {
		this.#abort.abort();
	}
	/** Everybody who waits gets this. */
	dismiss(failure) {
		for (const waiter of this.#waiters) {
			this.#forget(waiter);
			waiter.reject(failure);
		}
	}
	/** Runs `work` under the session's lock with no refresh under way; one that is gets cut short. */
	async #alone(work) {
		while (this.#running !== void 0) {
			this.#abort.abort();
			await this.#running;
		}
		const result = this.#underLock(work);
		this.#running = result.then(() => void 0, () => void 0);
		try {
			return await result;
		} finally {
			this.#finished();
		}
	}
	async #underLock(work) {
		this.#abort = new AbortController();
		await this.#takeLock();
		try {
			return await work();
		} finally {
			if (this.#state.kind !== "unsaved") await this.#releaseLock();
		}
	}
	#resume(record) {
		return resume(record, this.#ports.clock.now(), this.#ports.replayGrace());
	}
	#refresh(target) {
		this.#start({
			type: "refresh",
			target,
			replayGrace: this.#ports.replayGrace()
		});
	}
	#start(event) {
		if (this.#running !== void 0) return;
		this.#abort = new AbortController();
		this.#running = this.#run(event).then(() => this.#finished(), (error) => {
			this.#finished();
			this.dismiss(asFailure(error));
		});
		this.#ports.changed();
	}
	#finished() {
		this.#running = void 0;
		for (const waiter of this.#waiters) this.#reconsider(waiter);
		this.#ports.changed();
	}
	async #run(first) {
		let event = first;
		while (event !== void 0) {
			const step = transition(this.#state, event, this.#ports.clock.now());
			this.#state = step.session;
			event = void 0;
			for (const effect of step.effects) {
				this.#ports.atFault?.(`before ${effect.type}`);
				event = await this.#perform(effect) ?? event;
				this.#ports.atFault?.(`after ${effect.type}`);
			}
		}
	}
	/** Carries one effect out; what comes of it is the next event. */
	async #perform(effect) {
		const { store } = this.#ports;
		switch (effect.type) {
			case "acquire_lock": try {
				await this.#takeLock();
				return {
					type: "lock_acquired",
					...await this.#read()
				};
			} catch (error) {
				await this.#releaseLock();
				return {
					type: "lock_failed",
					failure: asFailure(error)
				};
			}
			case "release_lock":
				await this.#releaseLock();
				return;
			case "save": try {
				await this.#takeLock();
				await store.save(effect.record);
				return { type: "saved" };
			} catch (error) {
				return {
					type: "save_failed",
					failure: asFailure(error)
				};
			}
			case "post": return this.#post(effect.record, effect.target);
			case "read": try {
				return {
					type: "checked",
					...await this.#read()
				};
			} catch {
				return this.#state.kind === "refreshing" ? {
					type: "checked",
					stored: this.#state.record,
					digest: digest$1(this.#state.record)
				} : void 0;
			}
			case "answer":
				for (const waiter of this.#waiters) if (sameTarget(waiter.target, effect.target)) this.#answer(waiter, effect.outcome);
				return;
			case "notify":
				this.#ports.notify(effect.notice);
				return;
		}
	}
	async #post(record, target) {
		try {
			const server = await this.#ports.server(record);
			if (await this.#held?.isHeld() !== true) throw new Failure("lock_timeout", "the lock over this session was lost before the refresh was sent");
			const { refreshToken, identity } = record;
			const outcome = refreshToken === void 0 ? await server.clientCredentials(target, this.#abort.signal) : await server.refresh({
				refreshToken,
				target,
				...identity === void 0 ? {} : { identity }
			}, this.#abort.signal);
			return outcome.kind === "tokens" ? {
				type: "tokens",
				response: outcome.response
			} : {
				type: "refused",
				refusal: outcome
			};
		} catch (error) {
			return {
				type: "refused",
				refusal: {
					kind: "not_sent",
					failure: asFailure(error)
				}
			};
		}
	}
	async #read() {
		const stored = await this.#ports.store.loadDurable(this.profile);
		const held = this.#state.kind === "absent" ? void 0 : this.#state.record;
		const newer = stored === void 0 || held === void 0 ? stored ?? held : latest(held, stored);
		return {
			stored,
			digest: newer === void 0 ? void 0 : digest$1(newer)
		};
	}
	async #takeLock() {
		if (await this.#held?.isHeld() === true) return;
		await this.#releaseLock();
		this.#held = await this.#ports.lock.acquire(SessionStore.lockId(this.profile), lockTimeout, this.#abort.signal);
	}
	async #releaseLock() {
		const held = this.#held;
		this.#held = void 0;
		await held?.release();
	}
	#answer(waiter, outcome) {
		if (!(outcome instanceof Failure) && remaining(outcome, this.#ports.clock.now()) <= 0) return;
		this.#forget(waiter);
		if (!(outcome instanceof Failure)) return waiter.resolve(outcome);
		const decision = decide(this.#state, this.profile, waiter.target, waiter.minTtl, this.#ports.clock.now());
		return decision.kind === "serve" ? waiter.resolve(decision.token) : waiter.reject(outcome);
	}
	/** Those who wait for another target than the one just refreshed are next. */
	#reconsider(waiter) {
		const decision = decide(this.#state, this.profile, waiter.target, waiter.minTtl, this.#ports.clock.now());
		if (decision.kind === "refresh") this.#refresh(waiter.target);
		if (decision.kind === "serve" || decision.kind === "fail") this.#forget(waiter);
		if (decision.kind === "serve") waiter.resolve(decision.token);
		if (decision.kind === "fail") waiter.reject(decision.failure);
	}
};
const absent = (code, text, at) => ({
	kind: "absent",
	reason: {
		code,
		text,
		at
	}
});
const digest$1 = (record) => record.refreshToken === void 0 ? void 0 : createHash("sha256").update(record.refreshToken.reveal()).digest("base64url");
// dist/agent/sessions.js
/** At a start: so many are read before the disk is asked to make them durable. */
const loadedTogether = 64;
/** ms until an end that failed is tried again. */
const endAgainAfter = 3e4;
var Sessions = class {
	#ports;
	#entries = /* @__PURE__ */ new Map();
	#loading = /* @__PURE__ */ new Map();
	#unattended = /* @__PURE__ */ new Map();
	#alarm;
	#closed;
	constructor(ports) {
		this.#ports = ports;
		this.#alarm = new Alarm({
			clock: ports.clock,
			all: () => this.#entries.values(),
			wakeOf: (entry) => this.#entries.get(entry.profile.name) === entry ? wakeOf(entry) : void 0,
			ring: (entry, now) => this.#ring(entry, now)
		});
	}
	/** A token for a caller. Synchronous when it is cached and nothing has to be looked up. `minTtl` in seconds. Throws a Failure. */
	token(name, target, minTtl) {
		const profile = this.#ports.profiles.known(name);
		const entry = profile === void 0 ? void 0 : this.#entries.get(profile.name);
		if (profile === void 0 || entry?.profile !== profile || needsLogin(entry)) return this.#lookUpToken(name, target, minTtl);
		return this.#tokenOf(entry, target, minTtl);
	}
	async #lookUpToken(name, target, minTtl) {
		const profile = await this.#ports.profiles.profile(name);
		const entry = await this.#entry(profile);
		if (needsLogin(entry)) {
			await entry.runner.reload();
			if (profile.grant === "client_credentials" && needsLogin(entry)) await this.#logInUnattended(profile);
		}
		return this.#tokenOf(entry, target, minTtl);
	}
	#tokenOf(entry, target, minTtl) {
		if (this.#closed !== void 0) throw this.#closed;
		const { runner, profile } = entry;
		const { state } = runner;
		this.#refuseOver(entry);
		const wanted = withDefaults(profile, target);
		if (state.kind !== "absent") {
			const mismatch = changedProfile(profile, state.record);
			if (mismatch !== void 0) throw mismatch;
			checkScope(profile, state.record, wanted);
		}
		const token = runner.token(wanted, minTtl === void 0 ? void 0 : minTtl * 1e3);
		return token instanceof Promise ? token.then((token) => ({
			profile: profile.name,
			token
		})) : {
			profile: profile.name,
			token
		};
	}
	/** L7: nothing leaves after the end, whether the session is gone already or not. */
	#refuseOver(entry) {
		const now = this.#ports.clock.now();
		const end = limitOf(entry);
		if (end === void 0 || end.at > now) {
			entry.usedAt = now;
			return;
		}
		this.#end(entry, end);
		throw loginRequired(entry.profile.name, end);
	}
	#end(entry, reason) {
		const { clock, events, end } = this.#ports;
		const { profile, runner } = entry;
		if (entry.endsFrom > clock.now() || runner.state.kind === "absent") return;
		entry.endsFrom = clock.now() + endAgainAfter;
		end(profile, runner, runner.state.record.loggedInAt, reason).then((isOver) => {
			entry.endsFrom = 0;
			if (isOver) events.publish({
				type: "login_required",
				profile: profile.name,
				reason: reason.text
			});
			else this.#alarm.changed(entry);
		}, (error) => {
			const text = `'${profile.name}' is over (${reason.text}), and cannot be deleted yet: ${asFailure(error).message}`;
			events.publish({
				type: "warning",
				text
			});
		});
	}
	/** A server has refused this access token: it is served no more where another can be had. Whether it was a session's. */
	refused(value) {
		return [...this.#entries.values()].some(({ runner }) => runner.refused(value));
	}
	/** When the logins of what is loaded end, where that is known and use does not put it off. */
	*loginEnds() {
		for (const [profile, entry] of this.#entries) {
			const { state } = entry.runner;
			if (state.kind === "absent" || state.kind === "login_required" || state.record.grant === "client_credentials") continue;
			const { loggedInAt, refreshedAt = loggedInAt } = state.record;
			const { lifetime = Infinity } = entry.profile;
			const at = Math.min(serverEndOf(state.record) ?? Infinity, loggedInAt + lifetime * 1e3);
			if (at !== Infinity) yield {
				profile,
				at,
				loggedInAt,
				refreshedAt
			};
		}
	}
	/** By the user's limits, or because the server's refresh token ends; undefined: nobody knows. */
	endsAt(name) {
		const entry = this.#entries.get(name);
		if (entry === void 0 || needsLogin(entry)) return void 0;
		const { state } = entry.runner;
		const ofToken = state.kind === "absent" ? void 0 : serverEndOf(state.record);
		const at = Math.min(limitOf(entry)?.at ?? Infinity, ofToken ?? Infinity);
		return at === Infinity ? void 0 : at;
	}
	/** Whether it is an access token of a session. Fails with vault_locked, keychain_*. */
	async holds(value) {
		await this.loadAll();
		return [...this.#entries.values()].some(({ runner: { state } }) => {
			return state.kind !== "absent" && state.record.accessTokens.some((token) => token.value.reveal() === value);
		});
	}
	/** The live session of a profile, loaded from the vault if need be. Fails with vault_locked, keychain_*, record_damaged. */
	async runner(profile) {
		return (await this.#entry(profile)).runner;
	}
	/** For a login over a record that cannot be read: the new one takes its place. */
	runnerOverDamaged(profile) {
		return this.#enter(profile, void 0).runner;
	}
	/** What is loaded, without loading anything. */
	loaded(name) {
		return this.#entries.get(name)?.runner;
	}
	/** Loads what the vault holds for the profiles there are, so that what is due is done. A damaged record harms no other. */
	async loadAll() {
		const profiles = await this.#ports.profiles.all();
		for (let first = 0; first < profiles.length; first += loadedTogether) await Promise.all(profiles.slice(first, first + loadedTogether).map((profile) => this.#loadOne(profile)));
	}
	async #loadOne(profile) {
		try {
			await this.#entry(profile);
		} catch (error) {
			const failure = asFailure(error);
			if (failure.code !== "record_damaged") throw failure;
			this.#ports.events.publish({
				type: "warning",
				text: failure.message
			});
		}
	}
	/** No token leaves from now on; what is under way is finished and saved, then all is forgotten. */
	async close(reason) {
		this.#closed = reason;
		this.#alarm.stop();
		for (const { runner } of this.#entries.values()) runner.dismiss(reason);
		await Promise.all([...this.#entries.values()].map(({ runner }) => runner.stop()));
		for (const [name, { runner }] of this.#entries) if (runner.state.kind !== "unsaved") this.#entries.delete(name);
	}
	/** Cuts short what hangs. */
	interrupt() {
		for (const { runner } of this.#entries.values()) runner.interrupt();
	}
	open() {
		this.#closed = void 0;
		this.#alarm.start();
	}
	async #entry(profile) {
		if (this.#closed !== void 0) throw this.#closed;
		const entry = this.#entries.get(profile.name);
		if (entry !== void 0) {
			const isOther = entry.profile !== profile;
			entry.profile = profile;
			if (isOther) this.#alarm.changed(entry);
			return entry;
		}
		const loading = this.#loading.get(profile.name) ?? this.#load(profile);
		this.#loading.set(profile.name, loading);
		try {
			return await loading;
		} finally {
			this.#loading.delete(profile.name);
		}
	}
	async #load(profile) {
		return this.#enter(profile, await this.#ports.store.loadDurable(profile.name));
	}
	#enter(profile, record) {
		const { clock, store, lock, profiles, events, atFault } = this.#ports;
		const { name } = profile;
		const entry = {
			runner: new LiveSessionRunner(name, record, {
				clock,
				store,
				lock,
				server: async (record) => {
					const current = await profiles.profile(name);
					const mismatch = changedProfile(current, record);
					if (mismatch !== void 0) throw mismatch;
					return profiles.server(current);
				},
				replayGrace: () => (this.#entries.get(name)?.profile ?? profile).refreshGrace * 1e3,
				notify: (notice) => events.publish(eventOf(name, notice)),
				changed: () => this.#alarm.changed(entry),
				...atFault === void 0 ? {} : { atFault }
			}),
			profile,
			usedAt: clock.now(),
			endsFrom: 0
		};
		if (this.#closed === void 0) {
			this.#entries.set(name, entry);
			this.#alarm.changed(entry);
		}
		return entry;
	}
	#logInUnattended(profile) {
		const running = this.#unattended.get(profile.name);
		if (running !== void 0) return running;
		const login = this.#ports.logInUnattended(profile).finally(() => this.#unattended.delete(profile.name));
		this.#unattended.set(profile.name, login);
		return login;
	}
	#ring(entry, now) {
		const end = limitOf(entry);
		const at = refreshOf(entry);
		if (end !== void 0 && end.at <= now) this.#end(entry, end);
		else if (at !== void 0 && at <= now) entry.runner.wake();
	}
};
/** The next thing that is due, whether anybody asks or not. */
function wakeOf(entry) {
	const end = limitOf(entry);
	const refresh = refreshOf(entry);
	if (end === void 0) return refresh;
	return Math.min(Math.max(end.at, entry.endsFrom), refresh ?? Infinity);
}
const limitOf = ({ runner: { state }, profile, usedAt }) => state.kind === "absent" ? void 0 : endOf(profile, state.record, usedAt);
/** As far as the server says. */
function serverEndOf({ grant, refreshToken, refreshTokenExpiresAt, accessTokens }) {
	if (grant === "client_credentials" || refreshToken !== void 0) return refreshTokenExpiresAt;
	const ends = accessTokens.flatMap(({ expiresAt }) => expiresAt === void 0 ? [] : [expiresAt]);
	return ends.length === 0 ? void 0 : Math.max(...ends);
}
const refreshOf = ({ runner, profile }) => {
	const { state } = runner;
	if (state.kind !== "absent" && changedProfile(profile, state.record) !== void 0) return void 0;
	return runner.wakeAt(profile.refresh === "ahead");
};
const needsLogin = ({ runner }) => runner.state.kind === "absent" || runner.state.kind === "login_required";
/** What the profile says where the caller says nothing. */
const withDefaults = (profile, target) => target.resource !== void 0 || target.audience !== void 0 ? target : {
	...target,
	...defaultTarget(profile)
};
const defaultTarget = ({ resource, audience }) => ({
	...resource === void 0 ? {} : { resource },
	...audience === void 0 ? {} : { audience }
});
/** P5: a session belongs to the server and client it was made with; a profile that points elsewhere needs a login there. */
function changedProfile(profile, record) {
	if (record.issuer === profile.issuer && record.clientId === profile.clientId) return void 0;
	const what = record.issuer === profile.issuer ? "client" : "issuer";
	return loginRequired(profile.name, {
		code: "profile_changed",
		text: `its ${what} was changed since the last login`,
		at: record.loggedInAt
	});
}
const eventOf = (profile, notice) => {
	switch (notice.type) {
		case "refreshed": {
			const expiresAt = notice.record.accessTokens[0]?.expiresAt;
			return {
				type: "refreshed",
				profile,
				...expiresAt === void 0 ? {} : { expires_at: Math.floor(expiresAt / 1e3) }
			};
		}
		case "refresh_failed": return {
			type: "refresh_failed",
			profile,
			reason: notice.failure.message,
			retry_at: Math.ceil(notice.retryAt / 1e3)
		};
		case "login_required": return {
			type: "login_required",
			profile,
			reason: notice.reason.text
		};
	}
};
// dist/agent/logins.js
var Logins = class {
	#ports;
	#pending = /* @__PURE__ */ new Map();
	constructor(ports) {
		this.#ports = ports;
	}
	isPending(profile) {
		return this.#pending.has(profile);
	}
	/** Logs in and stores the session before it says so (R2). Throws a Failure; a login that fails changes nothing. */
	async logIn(profile, grant, conversation) {
		const { name } = profile;
		if (this.#pending.has(name)) throw new Failure("login_pending", `a login for '${name}' is already under way`, { profile: name });
		const cancel = new AbortController();
		this.#pending.set(name, cancel);
		try {
			await this.#ports.prepareVault();
			const runner = await this.#ports.sessions().runner(profile).catch(overDamaged);
			const response = await this.#ports.profiles.server(profile).login({
				grant,
				onProgress: conversation.onProgress,
				...conversation.onPaste === void 0 ? {} : { onPaste: conversation.onPaste },
				signal: AbortSignal.any([conversation.signal, cancel.signal])
			});
			const record = await (runner ?? this.#ports.sessions().runnerOverDamaged(profile)).replace(newRecord(profile, grant, response));
			this.#ports.events.publish({
				type: "logged_in",
				profile: name,
				...userOf(record)
			});
			return record;
		} catch (error) {
			throw asFailure(error).of(name);
		} finally {
			this.#pending.delete(name);
		}
	}
	/** Ends every login under way: the agent stops or locks. */
	cancelAll() {
		for (const cancel of this.#pending.values()) cancel.abort();
	}
};
/** A login mends a damaged record; any other trouble with the vault is found before the user is sent to the browser. */
function overDamaged(error) {
	const failure = asFailure(error);
	if (failure.code !== "record_damaged") throw failure;
}
function newRecord(profile, grant, response) {
	const scope = normalScope(response.scope ?? profile.scopes);
	return {
		profile: profile.name,
		issuer: profile.issuer,
		clientId: profile.clientId,
		grant,
		loggedInAt: response.receivedAt,
		refreshedAt: response.receivedAt,
		scope,
		accessTokens: [accessToken(response, defaultTarget(profile), scope)],
		...response.identity === void 0 ? {} : { identity: response.identity },
		...response.refreshToken === void 0 ? {} : { refreshToken: response.refreshToken },
		...response.refreshTokenExpiresIn === void 0 ? {} : { refreshTokenExpiresAt: response.receivedAt + response.refreshTokenExpiresIn * 1e3 }
	};
}
/** A name for people. */
function userOf({ identity }) {
	if (identity === void 0) return {};
	return { user: identity.preferredUsername ?? identity.email ?? identity.name ?? identity.subject };
}
// dist/agent/status.js
const seconds = (at) => Math.floor(at / 1e3);
const optional = (key, at) => at === void 0 ? {} : { [key]: seconds(at) };
function sessionStatus(profile, session, { nextWake, endsAt, loginPending }) {
	const { state, reason, hint } = describe(profile, session);
	return {
		...fromProfile(profile),
		...session.kind === "absent" ? {} : fromRecord(session.record),
		state: loginPending ? "login_pending" : state,
		...reason === void 0 ? {} : { reason },
		...hint === void 0 ? {} : { hint },
		...optional("next_refresh_at", nextWake),
		...optional("ends_at", endsAt)
	};
}
/** A session that could not be looked at: the vault is shut, or its record is damaged. */
function unreadableStatus(profile, error) {
	const failure = asFailure(error).of(profile.name);
	const state = failure.code === "record_damaged" ? "damaged" : "locked";
	return {
		...fromProfile(profile),
		state,
		reason: failure.message,
		hint: failure.hint
	};
}
const fromProfile = (profile) => ({
	profile: profile.name,
	issuer: profile.issuer,
	client_id: profile.clientId,
	grant: profile.grant
});
function fromRecord(record) {
	return {
		grant: record.grant,
		scope: record.scope.join(" "),
		...record.identity === void 0 ? {} : { subject: record.identity.subject },
		...userOf(record),
		...optional("logged_in_at", record.loggedInAt),
		...optional("refreshed_at", record.refreshedAt),
		...optional("expires_at", primaryToken(record)?.expiresAt)
	};
}
function describe(profile, session) {
	if (session.kind !== "absent") {
		const changed = changedProfile(profile, session.record);
		if (changed !== void 0) return because("login_required", changed);
	}
	switch (session.kind) {
		case "absent":
			if (session.reason.code === "expired") return because("login_required", loginRequired(profile.name, session.reason));
			return {
				state: "logged_out",
				hint: new Failure("login_required", "", { profile: profile.name }).hint
			};
		case "active": return { state: "active" };
		case "refreshing": return { state: "refreshing" };
		case "troubled": return because("retrying", session.trouble.failure.of(profile.name));
		case "unsaved": return because("retrying", session.failure.of(profile.name));
		case "login_required": {
			const { reason } = session;
			return {
				state: "login_required",
				reason: reason.text,
				hint: new Failure("login_required", "", { profile: profile.name }).hint
			};
		}
	}
}
const because = (state, failure) => ({
	state,
	reason: failure.message,
	hint: failure.hint
});
// dist/agent/agent.js
/** L3: which profiles there are is not for whoever is behind a share. */
const withoutNames = (failure) => failure.code === "unknown_profile" ? new Failure("unknown_profile", "what this share was made for is gone") : failure;
const locked = () => new Failure("vault_locked", "the vault is locked");
var Agent = class {
	#parts;
	#startedAt;
	constructor(parts) {
		this.#parts = parts;
		this.#startedAt = parts.clock.now();
	}
	/** Milliseconds since the epoch. */
	now() {
		return this.#parts.clock.now();
	}
	/** `minTtl` in seconds. Synchronous where nothing has to be looked up, asked or waited for. */
	token(asker, profile, target, minTtl) {
		const { profiles, gate } = this.#parts;
		const refuse = (error) => {
			const failure = this.#explained(error);
			gate.refused(asker, profile, target, failure);
			throw asker.share === void 0 ? failure : withoutNames(failure);
		};
		try {
			if (asker.share !== void 0) {
				const within = bounded(asker.share, profile, target, this.now());
				return this.#ask(asker, within.profile, within.target, minTtl, refuse);
			}
			const name = profile ?? profiles.known(void 0)?.name;
			if (name === void 0) return this.#tokenOfDefault(asker, target, minTtl).catch(refuse);
			return this.#ask(asker, name, target, minTtl, refuse);
		} catch (error) {
			return refuse(error);
		}
	}
	#ask(asker, name, target, minTtl, refuse) {
		const checked = this.#parts.gate.check(asker, name, target);
		const issued = checked === void 0 ? this.#issue(asker, name, target, minTtl) : checked.then(() => this.#issue(asker, name, target, minTtl));
		return issued instanceof Promise ? issued.catch(refuse) : issued;
	}
	async #tokenOfDefault(asker, target, minTtl) {
		const { name } = await this.#parts.profiles.profile(void 0);
		await this.#parts.gate.check(asker, name, target);
		return this.#issue(asker, name, target, minTtl);
	}
	#issue(asker, name, target, minTtl) {
		const issued = this.#parts.sessions.token(name, target, minTtl);
		return issued instanceof Promise ? issued.then((each) => this.#audited(asker, each)) : this.#audited(asker, issued);
	}
	#audited(asker, issued) {
		const { profile, token } = issued;
		const { target, scope, expiresAt } = token;
		return issued; const written = this.#parts.gate.issued(asker, {
			profile,
			target: {
				...target,
				scope
			},
			...expiresAt === void 0 ? {} : { expiresAt }
		});
		return written === void 0 ? issued : written.then(() => issued);
	}
	/** What was not even a request for a token. */
	refused(asker, error) {
		this.#parts.gate.refused(asker, void 0, {}, error);
	}
	/** A tool's call of its helper. Never throws, but where `throws` asks for it. */
	helper(asker, body, throws = false) {
		const { credentials, profiles } = this.#parts;
		return callHelper(asker.request, body, {
			ports: credentials.for(asker),
			throws,
			mayLogIn: async () => asker.share === void 0 && (await profiles.config()).interactiveLogin
		});
	}
	approvals() {
		return this.#parts.approvals.list();
	}
	/** Something comes back where it was for always. Throws not_found. */
	answerApproval(id, reply) {
		return this.#parts.approvals.answer(id, reply);
	}
	async shares() {
		return this.#parts.shares.list();
	}
	async share(name) {
		return this.#parts.shares.get(name);
	}
	/** Its profiles must be there; whether somebody is logged in to them is for later. */
	async makeShare(name, request) {
		const { profiles, shares, gate } = this.#parts;
		profiles.expire();
		for (const profile of request.profiles) await profiles.profile(profile);
		const status = await shares.make(name, request);
		gate.happened("shared", name);
		return status;
	}
	async removeShare(name) {
		await this.#parts.shares.remove(name);
		this.#parts.gate.happened("unshared", name);
	}
	/** What is known of the static secrets, but never one itself (L2). */
	async secrets() {
		return (await this.#parts.secrets.all()).map(secretStatus);
	}
	async putSecret(name, { value, url, username, expires_at: expiresAt }) {
		const { vault, secrets } = this.#parts;
		await vault.prepare();
		await secrets.put({
			name,
			value: redact(value),
			origin: "user",
			...url === void 0 ? {} : { url },
			...username === void 0 ? {} : { username },
			...expiresAt === void 0 ? {} : { expiresAt: expiresAt * 1e3 }
		});
	}
	async removeSecret(name) {
		await this.#parts.secrets.remove(name);
	}
	async status() {
		const { about, profiles, warnings, secrets, gate } = this.#parts;
		const { trouble } = gate;
		const notes = [
			...warnings,
			...trouble === void 0 ? [] : [trouble],
			...await secrets.warnings().catch(() => [])
		];
		const sessions = await this.sessions().catch((error) => {
			notes.push(asFailure(error).message);
			return [];
		});
		return {
			agent: {
				version: about.version,
				protocol: 1,
				pid: process.pid,
				started_at: Math.floor(this.#startedAt / 1e3),
				socket: about.socket,
				config: profiles.path
			},
			vault: this.vaultStatus(),
			sessions,
			warnings: notes
		};
	}
	vaultStatus() {
		const { state, masterKey, detail, hint } = this.#parts.vault.status();
		return {
			state,
			...masterKey === void 0 ? {} : { master_key: masterKey },
			...detail === void 0 ? {} : { detail },
			...hint === void 0 ? {} : { hint }
		};
	}
	async sessions() {
		const profiles = await this.#parts.profiles.all();
		return Promise.all(profiles.map((profile) => this.#statusOf(profile)));
	}
	async session(name) {
		this.#parts.profiles.expire();
		return this.#statusOf(await this.#parts.profiles.profile(name));
	}
	async logIn(name, grant, conversation) {
		const { profiles, logins } = this.#parts;
		profiles.expire();
		const profile = await profiles.profile(name);
		await logins.logIn(profile, grant ?? profile.grant, conversation);
		return this.#statusOf(profile);
	}
	async logOut(name) {
		const { profiles, sessions, logout } = this.#parts;
		profiles.expire();
		const profile = await profiles.profile(name);
		return logout.logOut(profile, await sessions.runner(profile).catch(() => sessions.runnerOverDamaged(profile)));
	}
	/** Resolves when no token can leave and the key is gone from memory; what was being refreshed is saved first. */
	async lock() {
		const { logins, sessions, vault, events } = this.#parts;
		logins.cancelAll();
		this.#parts.credentials.forgetAll();
		this.#parts.approvals.forget();
		await sessions.close(locked());
		vault.lock();
		events.publish({ type: "locked" });
		this.#parts.gate.happened("locked");
		return this.vaultStatus();
	}
	async unlock(passphrase) {
		const { sessions, vault, events } = this.#parts;
		await vault.unlock(passphrase);
		sessions.open();
		events.publish({ type: "unlocked" });
		this.#parts.gate.happened("unlocked");
		await sessions.loadAll();
		this.#parts.secrets.watch();
		return this.vaultStatus();
	}
	async changeMasterKey(choice) {
		await this.#parts.vault.changeMasterKey(choice);
		return this.vaultStatus();
	}
	async setClientSecret(name, secret) {
		const { profiles, vault } = this.#parts;
		profiles.expire();
		const profile = await profiles.profile(name);
		await vault.prepare();
		await profiles.setClientSecret(profile.name, secret.reveal());
	}
	async removeClientSecret(name) {
		await this.#parts.profiles.removeClientSecret(name);
	}
	subscribe(subscriber) {
		const { events, about, clock } = this.#parts;
		subscriber({
			type: "hello",
			at: Math.floor(clock.now() / 1e3),
			version: about.version
		});
		return events.subscribe(subscriber);
	}
	requestShutdown() {
		this.#parts.shutDown();
	}
	/** R12: while a login is under way, those who need its result are told so at once. */
	#explained(error) {
		const failure = asFailure(error);
		const { profile } = failure.details;
		if (failure.code === "login_required" && profile !== void 0 && this.#parts.logins.isPending(profile)) return new Failure("login_pending", `a login for '${profile}' is under way`, {
			profile,
			retryAfter: 5
		});
		return failure;
	}
	async #statusOf(profile) {
		const { sessions, logins } = this.#parts;
		try {
			const runner = await sessions.runner(profile);
			await runner.reload();
			return sessionStatus(profile, runner.state, {
				nextWake: runner.wakeAt(profile.refresh === "ahead"),
				endsAt: sessions.endsAt(profile.name),
				loginPending: logins.isPending(profile.name)
			});
		} catch (error) {
			return unreadableStatus(profile, error);
		}
	}
};
// dist/core/approval.js
/**
* What was asked, as narrow as a rule can say it, and never wider than the rule that asked. What the request did not name is
* free. Throws bad_request where no rule would say just this program.
*/
function lastingRule(verdict, { profile, target, visitor }) {
	const { caller, door } = visitor;
	const { executable, container, isKnown } = caller;
	const resource = target.resource ?? target.audience;
	if (executable !== void 0 && /\*|\ufffd| \(deleted\)$/.test(executable)) throw new Failure("bad_request", `no rule can name just the program ${plain(executable)}`);
	return {
		verdict,
		profile,
		...target.scope === void 0 ? {} : { scopes: target.scope },
		...resource === void 0 ? {} : { resource },
		...executable === void 0 ? {} : { executable },
		...container === void 0 ? isKnown ? { container: "none" } : {} : { container: container.id ?? "any" },
		share: door.kind === "share" ? door.share : "none"
	};
}
// dist/core/rules.js
function rule(rules, question) {
	const index = rules.findIndex((each) => matches(each, question));
	const found = rules[index];
	return found === void 0 ? { verdict: "allow" } : {
		verdict: found.verdict,
		index,
		rule: found
	};
}
const matches = (each, question) => mismatch(each, question) === void 0;
/** Which of a rule's fields keeps it from matching; undefined where it matches. */
function mismatch(each, { profile, target, visitor }) {
	const { caller, door } = visitor;
	if (each.profile !== void 0 && each.profile !== profile) return "profile";
	if (each.scopes !== void 0 && !coversScopes(each.scopes, target.scope)) return "scopes";
	if (each.resource !== void 0 && each.resource !== (target.resource ?? target.audience)) return "resource";
	if (each.executable !== void 0 && !matchesPath(each.executable, caller.executable)) return "executable";
	if (each.container !== void 0 && !matchesContainer(each.container, visitor)) return "container";
	if (each.share !== void 0 && !matchesShare(each.share, door.kind === "share" ? door.share : void 0)) return "share";
}
const coversScopes = (allowed, asked) => asked !== void 0 && asked.every((scope) => allowed.includes(scope));
function matchesPath(pattern, path) {
	if (path === void 0) return false;
	const isWindows = isWindowsPath(path);
	const within = isWindows ? String.raw`[^\\/]*` : "[^/]*";
	const source = pattern.split(/(\*\*|\*)/).map((part) => part === "**" ? ".*" : part === "*" ? within : part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`)).join("");
	return new RegExp(`^${source}$`, isWindows ? "is" : "s").test(path);
}
function matchesContainer(wanted, { caller }) {
	const { container, isKnown } = caller;
	if (wanted === "none") return isKnown && container === void 0;
	if (container === void 0) return false;
	return wanted === "any" || wanted.length >= 12 && container.id?.startsWith(wanted) === true;
}
const matchesShare = (wanted, share) => wanted === "none" ? share === void 0 : share !== void 0 && (wanted === "any" || wanted === share);
/** For people, on one line. */
const questionText = ({ profile, target, visitor }) => {
	const { scope, resource, audience } = target;
	const what = [scope === void 0 ? void 0 : plain(scope.map(plainName).join(" ")), ...[resource, audience].map(nameIfAny)].filter((part) => part !== void 0).join(", ");
	return `${callerText(visitor)} asks for a token of '${plain(profile)}'${what === "" ? "" : ` (${what})`}`;
};
const nameIfAny = (text) => text === void 0 ? void 0 : plainName(text);
// dist/agent/approvals.js
/** ms for an answer. */
const patience$3 = 12e4;
/** ms for which a no is not asked again. */
const afterNo = 1e4;
/** Approvals that wait at once: more would be no choice. */
const mostPending = 32;
/** Of them by one share: whoever is behind it is not to cover the screen, nor to keep others from asking. */
const mostOfShare$1 = 4;
var Approvals = class {
	#ports;
	#pending = /* @__PURE__ */ new Map();
	/** Until when a yes, or a no, counts. */
	#granted = /* @__PURE__ */ new Map();
	#declined = /* @__PURE__ */ new Map();
	/** Who has a window on the screen. */
	#showing = /* @__PURE__ */ new Set();
	constructor(ports) {
		this.#ports = ports;
	}
	/** Resolves when the user agrees. Fails with approval_declined, too_many_requests. */
	async approve(question, { rule = { verdict: "ask" }, index = 0 }) {
		const now = this.#ports.clock.now();
		const key = keyOf$1(question, rule);
		if ((this.#granted.get(key) ?? 0) > now) return;
		if ((this.#declined.get(key) ?? 0) > now) throw declined(questionText(question), "was declined before");
		const waiting = [...this.#pending.values()].find((each) => each.key === key);
		if (waiting !== void 0) return waiting.promise;
		if (this.#pending.size >= mostPending) throw new Failure("too_many_requests", `${mostPending} approvals are waiting already`, { retryAfter: 30 });
		const { door } = question.visitor;
		if ([...this.#pending.values()].filter((each) => door.kind === "share" && each.share === door.share).length >= mostOfShare$1) throw new Failure("too_many_requests", `${mostOfShare$1} approvals of this share are waiting already`, { retryAfter: 30 });
		return this.#ask(question, key, rule, index).promise;
	}
	list() {
		return [...this.#pending.values()].map(({ status }) => status);
	}
	/** Those who wait have their answer at once; what is for always is then written down. Throws not_found. */
	answer(id, reply, by = "request") {
		const pending = this.#pending.get(id);
		if (pending === void 0) throw new Failure("not_found", `there is no approval '${id.slice(0, 40)}' that waits`, { hint: "`authsock approve` shows those that do" });
		const { decision, remember = "once" } = reply;
		const { key, rule, status } = pending;
		const now = this.#ports.clock.now();
		const until = typeof remember === "number" ? now + remember * 1e3 : remember === "once" ? 0 : Infinity;
		if (decision === "deny") {
			for (const [key, until] of this.#declined) if (until <= now) this.#declined.delete(key);
			this.#declined.set(key, Math.max(until, now + afterNo));
			pending.settle("deny", declined(status.text, "was declined"));
		} else {
			this.#granted.set(key, Math.max(until, now + (rule.lifetime ?? 0) * 1e3));
			pending.settle("allow");
		}
		return remember === "always" ? this.#writeDown(pending, decision, by) : void 0;
	}
	/** The vault is locked, or the agent stops: what was said for the session is over. */
	forget(why = "the vault was locked") {
		this.#granted.clear();
		this.#declined.clear();
		for (const { status, settle } of this.#pending.values()) settle("none", declined(status.text, `was not answered: ${why}`));
	}
	/** Never fails: what cannot be written counts for the session. */
	async #writeDown({ status, question, key, rule }, verdict, by) {
		const answer = await this.#written(verdict, question, key, rule);
		this.#ports.lasting(status, answer, by);
		return answer;
	}
	async #written(verdict, question, key, asked) {
		try {
			const written = await this.#ports.write(lastingRule(verdict, question), asked);
			for (const said of [this.#granted, this.#declined]) said.delete(key);
			return {
				remembered: "always",
				...written
			};
		} catch (error) {
			return {
				remembered: "session",
				detail: asFailure(error).message
			};
		}
	}
	#ask(question, key, rule, index) {
		const { clock, newId, requested, settled } = this.#ports;
		const { promise, resolve, reject } = Promise.withResolvers();
		const over = new AbortController();
		const status = {
			id: newId(),
			at: Math.floor(clock.now() / 1e3),
			text: questionText(question),
			...fieldsOf(question),
			rule: index + 1
		};
		const settle = (decision, failure) => {
			if (!this.#pending.delete(status.id)) return;
			cancel();
			over.abort();
			settled(status, decision);
			if (failure === void 0) resolve();
			else reject(failure);
		};
		const cancel = clock.after(patience$3, () => settle("none", declined(status.text, "was not answered in time")));
		const { door } = question.visitor;
		const pending = {
			status,
			question,
			rule,
			key,
			promise,
			settle,
			share: door.kind === "share" ? door.share : void 0,
			signal: over.signal,
			wasShown: false
		};
		this.#pending.set(status.id, pending);
		promise.catch(() => {});
		requested(status);
		this.#show();
		return pending;
	}
	/** One window for each who asks: whoever asks for ever new things covers no screen, and nobody else's question. */
	#show() {
		const { prompt, cannotPrompt } = this.#ports;
		for (const pending of this.#pending.values()) {
			const { status, question, signal } = pending;
			const source = sourceOf(question);
			if (pending.wasShown || this.#showing.has(source)) continue;
			pending.wasShown = true;
			this.#showing.add(source);
			prompt(status, signal).catch(() => void 0).then((reply) => {
				this.#showing.delete(source);
				if (this.#pending.has(status.id)) {
					if (reply === void 0) cannotPrompt(status);
					else this.answer(status.id, reply, "prompt");
				}
				this.#show();
			});
		}
	}
};
/** Whoever is in a container calls its programs as he likes: they are one. */
const sourceOf = ({ visitor: { caller, door } }) => JSON.stringify(door.kind === "share" ? door : caller.container === void 0 ? caller.executable : [caller.container.id ?? "unknown"]) ?? "";
/** What is the same thing for the user: who, what, by which door; not the pid. The rule by what it says: its place may change. */
function keyOf$1({ profile, target, visitor }, rule) {
	const { caller, door } = visitor;
	return JSON.stringify([
		rule,
		profile,
		target,
		door,
		caller.executable,
		caller.container?.id ?? caller.container !== void 0
	]);
}
function fieldsOf({ profile, target, visitor }) {
	const { caller, door } = visitor;
	const resource = target.resource ?? target.audience;
	return {
		profile,
		caller: callerText(visitor),
		...caller.executable === void 0 ? {} : { executable: caller.executable },
		...caller.container === void 0 ? {} : { container: caller.container.id ?? "unknown" },
		...door.kind === "share" ? { share: door.share } : {},
		...target.scope === void 0 ? {} : { scope: target.scope.join(" ") },
		...resource === void 0 ? {} : { resource }
	};
}
const declined = (text, how) => new Failure("approval_declined", `${text}: this ${how}`);
/** For a window that has room for more than a sentence. */
const approvalDetails = ({ id, executable, rule }) => [...executable === void 0 ? [] : [`Program: ${plain(executable)}`], `Rule ${rule} of config.toml asks. For other answers: authsock approve ${id}`];
// dist/core/audit.js
/** Characters of a text that others chose: a line is for people, and a flood of long ones would push the others out. */
const longestText$1 = 300;
/** What stands in front of the first line of all. */
const firstHash = "0".repeat(64);
/** `prev`: the hash of the line before. Names on the wire are snake_case; instants are ms, for many share a second. */
function auditLine(entry, seq, prev) {
	const { caller, door, target, expiresAt, reason, ...rest } = entry;
	const line = escaped({
		seq,
		...rest,
		...reason === void 0 ? {} : { reason: clipped(reason) },
		...target?.scope === void 0 ? {} : { scope: clipped(target.scope.join(" ")) },
		...target?.resource === void 0 ? {} : { resource: clipped(target.resource) },
		...target?.audience === void 0 ? {} : { audience: clipped(target.audience) },
		...expiresAt === void 0 ? {} : { expires_at: expiresAt },
		...door?.kind === "share" ? { share: door.share } : {},
		...door?.kind === "share" && door.transport !== void 0 ? { transport: door.transport } : {}
	});
	const by = caller === void 0 ? "" : `,"caller":${callerJson(caller)}`;
	return `${line.slice(0, -1)}${by},"prev":"${prev}"}`;
}
/** One connection may ask for much. */
const callers = /* @__PURE__ */ new WeakMap();
function callerJson(caller) {
	const known = callers.get(caller);
	if (known !== void 0) return known;
	const json = escaped(callerFields(caller));
	callers.set(caller, json);
	return json;
}
function callerFields({ uid, sid, pid, executable, parents, container, terminal, isKnown }) {
	return {
		...uid === void 0 ? {} : { uid },
		...sid === void 0 ? {} : { sid },
		...pid === void 0 ? {} : { pid },
		executable: executable === void 0 ? "unknown" : clippedPath(executable),
		...parents.length === 0 ? {} : { parents: parents.map((each) => each.executable === void 0 ? `pid ${each.pid}` : clippedPath(each.executable)) },
		container: container === void 0 ? isKnown ? "none" : "unknown" : container.id ?? "unknown id",
		...terminal === void 0 ? {} : { terminal }
	};
}
const clipped = (text) => text.length <= longestText$1 ? text : `${text.slice(0, longestText$1)}…`;
/** The end says what it is. */
const clippedPath = (path) => path.length <= longestText$1 ? path : `…${path.slice(-300)}`;
/** JSON leaves some characters as they are that end lines, move cursors or hide text where the file is looked at. */
function escaped(value) {
	const json = JSON.stringify(value);
	if (!/[^ -~]/.test(json)) return json;
	return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""));
}
/** Undefined where a line is none: cut by a crash, or written by somebody else. */
function parseAuditLine(line) {
	try {
		const json = JSON.parse(line);
		return typeof json === "object" && json !== null && Number.isInteger(json.seq) && typeof json.prev === "string" ? json : void 0;
	} catch {
		return;
	}
}
// dist/platform/audit-files.js
const chunk = 65536;
const newline = 10;
/** Of a line without its end. */
const hashOf$1 = (line) => hash("sha256", line, "hex");
/** Opens them all, the oldest first. To be closed. */
async function openAll(path) {
	const names = await readdir(dirname(path)).catch(() => []);
	const own = `${basename(path)}.`;
	const numbers = names.map((name) => name.startsWith(own) && /^[1-9]\d*$/.test(name.slice(own.length)) ? name.slice(own.length) : 0);
	const files = /* @__PURE__ */ new Map();
	for (let number = 0; number <= Math.max(0, ...numbers.map(Number)) + 2; number++) {
		const name = number === 0 ? path : join(dirname(path), `${own}${number}`);
		const handle = await open(name, "r").catch(ignoreAbsent);
		if (handle === void 0) continue;
		const { ino, birthtimeNs, size } = await handle.stat({ bigint: true });
		const id = `${ino}-${birthtimeNs}`;
		await files.get(id)?.handle.close();
		files.delete(id);
		files.set(id, {
			path: name,
			number,
			handle,
			id,
			ino: Number(ino),
			size: Number(size)
		});
	}
	return [...files.values()].toReversed();
}
const ignoreAbsent = (error) => {
	if (error.code !== "ENOENT") throw error;
};
async function withFiles(path, work) {
	const files = await openAll(path);
	try {
		return await work(files);
	} finally {
		await Promise.all(files.map(({ handle }) => handle.close()));
	}
}
/** Of the newest file that has one; and the numbers of the files. */
function lastLine(path) {
	return withFiles(path, async (files) => {
		const inodes = new Set(files.map(({ ino }) => ino));
		for (const { handle, size } of files.toReversed()) if (size > 0) return {
			last: await lastOf(handle, size),
			inodes
		};
		return {
			last: void 0,
			inodes
		};
	});
}
/** Reads backwards until there is a whole record, and nothing of the line before it. */
async function lastOf(handle, size) {
	for (let length = Math.min(size, chunk);; length = Math.min(size, length * 4)) {
		const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
		const isCut = buffer.at(-1) !== newline;
		const lines = split(isCut ? buffer : buffer.subarray(0, -1));
		const seq = (length === size ? lines : lines.slice(1)).map((line) => parseAuditLine(line.toString())?.seq).findLast((number) => number !== void 0);
		if (length === size || seq !== void 0) return {
			bytes: lines.at(-1) ?? Buffer.alloc(0),
			isCut,
			seq
		};
	}
}
function split(bytes) {
	const lines = [];
	let from = 0;
	for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
		lines.push(bytes.subarray(from, at));
		from = at + 1;
	}
	return [...lines, bytes.subarray(from)];
}
// dist/agent/audit-log.js
/** Entries that a disk which hangs may keep waiting. */
const mostWaiting = 1e4;
/** ms for which the lock is kept while more comes. */
const longestTurn = 100;
const codeOf = (error) => error.code;
var AuditLog = class {
	#path;
	#largest;
	#kept;
	#lock;
	#waiting = [];
	#writing;
	/** Seq and hash are those of the files' last line. */
	#isKnown = false;
	/** The file as it was left; undefined: there was none. */
	#left;
	#seq = 0;
	#hash = firstHash;
	constructor({ path, largest = 8388608, kept = 9, lock }) {
		this.#path = path;
		this.#largest = largest;
		this.#kept = kept;
		this.#lock = lock;
	}
	/** The hash of the last line. */
	get head() {
		return this.#hash;
	}
	/** Resolves when it is written (not synced). Fails with storage_failed. */
	append(entry) {
		return new Promise((resolve, reject) => {
			if (this.#waiting.length >= mostWaiting) {
				reject(this.#failure(new Failure("storage_failed", "what was to be written before still waits")));
				return;
			}
			this.#waiting.push({
				entry,
				resolve,
				reject
			});
			this.#writing ??= this.#write();
		});
	}
	/** Resolves when all is written. */
	async close() {
		await this.#writing;
	}
	async #write() {
		await Promise.resolve();
		while (this.#waiting.length > 0) {
			let taken = [];
			const take = () => {
				taken = this.#waiting;
				this.#waiting = [];
				return taken;
			};
			try {
				await this.#writeInTurn(take);
			} catch (error) {
				this.#isKnown = false;
				const failure = this.#failure(error);
				for (const { reject } of taken.length > 0 ? taken : take()) reject(failure);
			}
		}
		this.#writing = void 0;
	}
	async #writeInTurn(take) {
		await mkdir(dirname(this.#path), {
			recursive: true,
			mode: 448
		});
		const release = await this.#lock?.();
		const until = performance.now() + longestTurn;
		try {
			let isCut = await this.#lookAgain();
			do {
				const batch = take();
				await this.#writeBatch(batch.map(({ entry }) => entry), isCut);
				isCut = false;
				for (const { resolve } of batch) resolve();
			} while (this.#waiting.length > 0 && performance.now() < until);
		} finally {
			await release?.();
		}
	}
	/** The file is not kept open: a folder that is to be unmounted is nobody's to hold. */
	async #writeBatch(entries, isCut) {
		let [seq, hash] = [this.#seq, this.#hash];
		const lines = entries.map((entry) => {
			seq += 1;
			const line = auditLine(entry, seq, hash);
			hash = hashOf$1(line);
			return `${line}\n`;
		});
		const file = await open(this.#path, "a", 384);
		try {
			const { size: before } = await file.stat();
			try {
				await file.appendFile((isCut ? "\n" : "") + lines.join(""));
			} catch (error) {
				await file.truncate(before).catch(() => {});
				throw error;
			}
			const { size, ino } = await file.stat();
			this.#left = {
				size,
				ino
			};
		} finally {
			await file.close();
		}
		this.#seq = seq;
		this.#hash = hash;
		if (this.#left.size >= this.#largest) await this.#rotate();
	}
	/**
	* Another agent may have written since: the chain goes on from where it has ended. From a file that was cut or taken away
	* meanwhile it does not, so that this shows. Whether the last line was cut.
	*/
	async #lookAgain() {
		const now = await stat(this.#path).catch(() => void 0);
		const left = this.#left;
		if (this.#isKnown && now?.ino === left?.ino && now?.size === left?.size) return false;
		const { last, inodes } = await lastLine(this.#path);
		const hasGoneOn = left === void 0 || (now?.ino === left.ino ? now.size >= left.size : inodes.has(left.ino));
		if (this.#seq === 0 || hasGoneOn && last !== void 0) {
			this.#seq = last?.seq ?? this.#seq;
			this.#hash = last === void 0 ? firstHash : hashOf$1(last.bytes);
		}
		this.#isKnown = true;
		return last?.isCut === true;
	}
	async #rotate() {
		for (let number = this.#kept; number >= 1; number--) {
			const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
			await rename(from, `${this.#path}.${number}`).catch((error) => {
				if (codeOf(error) !== "ENOENT") throw error;
			});
		}
		await rm(`${this.#path}.${this.#kept + 1}`, { force: true });
		this.#left = void 0;
	}
	#failure(error) {
		const what = `the audit log ${this.#path} cannot be written`;
		return error instanceof Failure ? new Failure("storage_failed", `${what}: ${error.message}`, { cause: error }) : diskFailure(error, what);
	}
};
// dist/agent/auto-lock.js
/** A suspended machine does not tick: the wall clock is looked at, and often. */
const longestWait = 3e4;
/** ms. */
const leastBetweenLooks = 1e3;
var AutoLock = class {
	#ports;
	#touchedAt;
	#lookedAt = 0;
	#cancel;
	#isStopped = false;
	#unwatch;
	constructor(ports) {
		this.#ports = ports;
		this.#touchedAt = ports.clock.now();
	}
	/** The user has asked for something, perhaps after a change of config.toml. */
	touch() {
		const now = this.#ports.clock.now();
		this.#touchedAt = now;
		if (this.#cancel === void 0 && Math.abs(now - this.#lookedAt) > leastBetweenLooks) this.start();
	}
	/** The vault is open from now on. */
	opened() {
		this.#touchedAt = this.#ports.clock.now();
		this.start();
	}
	start() {
		this.#lookedAt = this.#ports.clock.now();
		this.#look().catch((error) => this.#ports.onWarning(asFailure(error).message));
	}
	stop() {
		this.#isStopped = true;
		this.#cancel?.();
		this.#unwatch?.();
	}
	/** Nothing wakes the machine where nothing is to be locked. */
	async #look() {
		this.#cancel?.();
		this.#cancel = void 0;
		const { clock, config, isOpen, lock } = this.#ports;
		const { lockAfter, lockWithScreen } = await config();
		if (this.#isStopped) return;
		this.#watchScreen(lockWithScreen);
		if (lockAfter === void 0 || !isOpen()) return;
		const quiet = lockAfter * 1e3;
		const left = this.#touchedAt + quiet - clock.now();
		if (left <= 0) await lock(`nothing was asked for ${lockAfter} s`);
		else this.#cancel = clock.after(Math.min(left, longestWait), () => this.start());
	}
	#watchScreen(isWanted) {
		if (isWanted && this.#unwatch === void 0) this.#unwatch = this.#ports.watchScreen(() => {
			if (this.#ports.isOpen()) this.#ports.lock("the screen was locked").catch(() => {});
		});
		else if (!isWanted) {
			this.#unwatch?.();
			this.#unwatch = void 0;
		}
	}
};
// dist/core/allowance.js
var Allowance = class {
	#burst;
	#perSecond;
	#left;
	#at;
	constructor(burst, perSecond, now) {
		this.#burst = burst;
		this.#perSecond = perSecond;
		this.#left = burst;
		this.#at = now;
	}
	/** Whether there was one left. */
	take(now) {
		this.#left = Math.min(this.#burst, this.#left + Math.max(0, now - this.#at) / 1e3 * this.#perSecond);
		this.#at = now;
		if (this.#left < 1) return false;
		this.#left -= 1;
		return true;
	}
};
// dist/agent/credentials.js
/** botocore asks anew for what has less than 15 minutes left: that, and a minute. */
const leastOfRole = 96e4;
/** What a tool is given must outlast its run. */
const leastOfIdToken = 6e4;
const mostIssued = 4096;
/** A tool may name each of its sessions anew. */
const mostRoles = 256;
/** By one share: so many, and then one every ten minutes. */
const refusalsAtOnce = 3;
const refusalsPerSecond = 1 / 600;
var Credentials = class {
	#ports;
	#remembered = {
		roles: /* @__PURE__ */ new Map(),
		issued: /* @__PURE__ */ new Set(),
		refusals: /* @__PURE__ */ new Map()
	};
	constructor(ports) {
		this.#ports = ports;
		ports.events.subscribe(({ type }) => {
			if (type === "logged_in" || type === "logged_out" || type === "login_required") this.forgetAll();
		});
	}
	/** What one caller's helper may ask. */
	for(asker) {
		return new AskedFor(this.#ports, this.#remembered, asker);
	}
	/** Nothing that was got with the vault open outlives its being locked. */
	forgetAll() {
		this.#remembered.roles.clear();
	}
};
var AskedFor = class {
	#ports;
	#roles;
	#issued;
	#refusals;
	#asker;
	constructor(ports, { roles, issued, refusals }, asker) {
		this.#ports = ports;
		this.#roles = roles;
		this.#issued = issued;
		this.#refusals = refusals;
		this.#asker = asker;
	}
	now() {
		return this.#ports.clock.now();
	}
	async at(place) {
		if (isPattern(place)) return void 0;
		const route = await this.#route(place);
		if (route !== void 0) return this.#isSeen(route.to) ? this.#of(route) : void 0;
		const secret = await this.#ports.secrets.find(place);
		if (secret === void 0 || !this.#isSeen({
			kind: "secret",
			secret: secret.name
		})) return void 0;
		return this.#ofSecret(secret);
	}
	/** L3: what a share does not give is not even there, and whether it is elsewhere is the owner's to know. */
	#isSeen(to) {
		const { share } = this.#asker;
		if (share === void 0) return true;
		const [given, name] = to.kind === "profile" ? [share.profiles, to.profile] : [share.secrets, to.secret];
		if (given.includes(name)) return true;
		this.#ports.gate.refused(this.#asker, name, {}, notShared(share));
		return false;
	}
	async named(name, target = {}, minTtl) {
		const { profiles, secrets } = this.#ports;
		const isHidden = name !== void 0 && this.#asker.share?.secrets.includes(name) === false;
		if (name !== void 0 && !isHidden && isProfileName(name) && !(await profiles.config()).profiles.has(name)) {
			const secret = await secrets.get(name);
			if (secret !== void 0) return this.#ofSecret(secret);
		}
		try {
			return this.#ofToken(await this.#ports.token(this.#asker, name, target, minTtl));
		} catch (error) {
			if (!(error instanceof Failure) || error.code !== "unknown_profile") throw error;
			throw new Failure("unknown_profile", `${error.message}; nor is there a secret of that name`, {
				...error.details,
				hint: "`authsock profile list` and `authsock secret list` show what there is"
			});
		}
	}
	async idToken(name) {
		const { share } = this.#asker;
		if (share !== void 0) this.#within(() => boundedIdToken(share));
		let issued = await this.#ports.token(this.#asker, name, {}, void 0);
		for (const mayAskAnew of [true, false]) {
			const { token } = issued;
			const { idToken } = token;
			const expiresAt = idToken === void 0 ? void 0 : expiryOf(idToken);
			if (idToken !== void 0 && expiresAt !== void 0 && expiresAt - this.now() > leastOfIdToken) return {
				value: idToken,
				expiresAt
			};
			if (!mayAskAnew || idToken === void 0) break;
			this.#ports.refusedToken(token.value.reveal());
			issued = await this.#ports.token(this.#asker, name, {}, void 0);
		}
		throw new Failure("unsupported_by_server", `the server gave '${issued.profile}' no ID token that is good now`, {
			profile: issued.profile,
			hint: "`openid` among the profile's scopes brings one, and `authsock login {profile}` a new one"
		});
	}
	async refused(place, value) {
		const { secrets, events, refusedToken } = this.#ports;
		if (this.#asker.share !== void 0 && !this.#mayRefuse()) return;
		if (refusedToken(value) || this.#isIssued(value) || this.#asker.share !== void 0) return;
		if ((await secrets.forget(place, value)).length > 0) return;
		const kept = (await secrets.all()).find((secret) => secret.value.reveal() === value);
		if (kept === void 0) return;
		events.publish({
			type: "warning",
			text: `${place.host} has refused the secret '${kept.name}': \`authsock secret add ${kept.name}\` replaces it`
		});
	}
	async keep(place, value, expiresAt) {
		const { secrets, prepareVault, isToken } = this.#ports;
		this.#refuseShare();
		if (isPattern(place)) throw new Failure("bad_request", `'${place.host}' is not one host`);
		if (/\p{Cc}/u.test(place.username ?? "")) throw new Failure("bad_request", "a user name with control characters is not kept");
		if (this.#isIssued(value.reveal()) || await this.#route(place) !== void 0) return {};
		if (await isToken(value.reveal())) return {};
		const known = await secrets.find(place);
		if (known !== void 0 && known.value.reveal() === value.reveal()) return {};
		await prepareVault();
		return { kept: await secrets.store(place, value, expiresAt) };
	}
	async forget(place) {
		this.#refuseShare();
		await this.#ports.secrets.forget(place, void 0);
	}
	async places() {
		this.#refuseShare();
		const { routes } = await this.#ports.profiles.config();
		const secrets = await this.#ports.secrets.all();
		const routed = routes.filter(({ place }) => !isPattern(place)).map(({ place, username }) => ({
			place,
			username
		}));
		const stored = secrets.flatMap((secret) => {
			const place = placeOfSecret(secret);
			return place === void 0 ? [] : [{
				place,
				username: secret.username
			}];
		});
		const nobody = {
			value: redact(""),
			from: {
				kind: "secret",
				secret: ""
			}
		};
		return [...routed, ...stored].map(({ place, username }) => ({
			place: bare$2(place),
			username: username ?? usernameAt(nobody, place)
		}));
	}
	async assumeRole(name, role, which) {
		const { share } = this.#asker;
		if (share !== void 0) this.#within(() => boundedRole(share, role));
		const key = JSON.stringify([
			name,
			role,
			which,
			share
		]);
		if (this.#roles.has(key)) await this.#gated(name, which);
		const known = await this.#roles.get(key)?.catch(() => void 0);
		if (known?.expiresAt !== void 0 && known.expiresAt - this.now() > leastOfRole) return known;
		const running = this.#roles.get(key);
		if (running !== void 0 && known === void 0) return running;
		const asked = this.#assumeRole(name, role, which);
		this.#roles.set(key, asked);
		shorten(this.#roles, mostRoles);
		asked.catch(() => {
			if (this.#roles.get(key) === asked) this.#roles.delete(key);
		});
		return asked;
	}
	/** L3: by a shared socket nothing is kept, forgotten or listed. */
	#refuseShare() {
		const { share } = this.#asker;
		if (share === void 0) return;
		this.#within(() => {
			throw notShared(share);
		});
	}
	#within(look) {
		try {
			look();
		} catch (error) {
			this.#ports.gate.refused(this.#asker, void 0, {}, error);
			throw error;
		}
	}
	#gated(name, which) {
		return which === "id_token" ? this.idToken(name) : this.named(name, {}, void 0);
	}
	async #assumeRole(name, role, which) {
		const token = await this.#gated(name, which);
		return this.#ports.assumeRole(role, token.value);
	}
	async #route(place) {
		const { profiles } = this.#ports;
		const known = longestMatch(place, (await profiles.config()).routes, (route) => route.place);
		if (known !== void 0) return known;
		profiles.expire();
		return longestMatch(place, (await profiles.config()).routes, (route) => route.place);
	}
	async #of({ to, username, place }) {
		const named = username === void 0 ? {} : { username };
		if (to.kind === "profile") return {
			...this.#ofToken(await this.#ports.token(this.#asker, to.profile, to.target, void 0)),
			...named
		};
		const secret = await this.#ports.secrets.get(to.secret);
		if (secret !== void 0) return {
			...await this.#ofSecret(secret),
			...named
		};
		throw new Failure("not_found", `the route of ${placeText(place)} leads to the secret '${to.secret}', and there is none of that name`, { hint: `\`authsock secret add ${to.secret}\` adds it` });
	}
	#ofToken({ profile, token }) {
		const { value, tokenType, expiresAt, scope, target } = token;
		this.#issued.add(digest(value.reveal()));
		shorten(this.#issued, mostIssued);
		return {
			value,
			tokenType,
			scope,
			target,
			from: {
				kind: "profile",
				profile
			},
			...expiresAt === void 0 ? {} : { expiresAt }
		};
	}
	#mayRefuse() {
		const { clock } = this.#ports;
		const allowance = this.#refusals.get(this.#asker.share?.name ?? "") ?? new Allowance(refusalsAtOnce, refusalsPerSecond, clock.now());
		this.#refusals.set(this.#asker.share?.name ?? "", allowance);
		return allowance.take(clock.now());
	}
	#isIssued(value) {
		return this.#issued.has(digest(value));
	}
	async #ofSecret(secret) {
		const { gate } = this.#ports;
		try {
			if (this.#asker.share !== void 0) boundedSecret(this.#asker.share, secret.name, this.now());
			await gate.check(this.#asker, secret.name, {});
			const credential = this.#live(secret);
			const { expiresAt } = credential;
			await gate.issued(this.#asker, {
				secret: secret.name,
				...expiresAt === void 0 ? {} : { expiresAt }
			});
			return credential;
		} catch (error) {
			gate.refused(this.#asker, secret.name, {}, error);
			throw error;
		}
	}
	#live(secret) {
		const { name, value, username, expiresAt } = secret;
		if (isExpired(secret, this.now())) throw new Failure("secret_expired", `the secret '${name}' has expired`, { hint: `\`authsock secret add ${name}\` replaces it` });
		return {
			value,
			from: {
				kind: "secret",
				secret: name
			},
			...username === void 0 ? {} : { username },
			...expiresAt === void 0 ? {} : { expiresAt }
		};
	}
};
/** The first that came go first. */
function shorten(kept, most) {
	for (const first of kept.keys()) {
		if (kept.size <= most) break;
		kept.delete(first);
	}
}
const digest = (value) => createHash("sha256").update(value).digest("base64url");
/** Of a JWT; ms since the epoch. */
function expiryOf(token) {
	try {
		const payload = JSON.parse(Buffer.from(token.reveal().split(".")[1] ?? "", "base64url").toString());
		return typeof payload.exp === "number" ? payload.exp * 1e3 : void 0;
	} catch {
		return;
	}
}
// dist/agent/events.js
var EventHub = class {
	#subscribers = /* @__PURE__ */ new Set();
	#now;
	/** `now` in milliseconds. */
	constructor(now) {
		this.#now = now;
	}
	publish(body) {
		const event = {
			...body,
			at: Math.floor(this.#now() / 1e3)
		};
		for (const subscriber of this.#subscribers) subscriber(event);
	}
	subscribe(subscriber) {
		this.#subscribers.add(subscriber);
		return () => this.#subscribers.delete(subscriber);
	}
};
// dist/agent/audit-floods.js
/** Lines of one share, or one process: as many at once, and then so many a second. */
const burst$1 = 200;
const perSecond = .1;
/** Where each must be written before it leaves. */
const perSecondWhereRequired = 1;
/** ms for which what is alike is counted. */
const window = 6e4;
/** Kinds of lines that are told apart in a flood. */
const mostKinds = 4;
/** Sources that are known; of one that asked long ago nothing need be. */
const mostSources = 1024;
var AuditFloods = class {
	#clock;
	#append;
	#floods = /* @__PURE__ */ new Map();
	constructor(clock, append) {
		this.#clock = clock;
		this.#append = append;
	}
	/** Whether a line of its own is left for what may not leave without one. */
	hasRoom(source) {
		return this.#of(source).required.take(this.#clock.now());
	}
	/** Whether it is to be written; else it is counted, and written with others. */
	passes(source, entry) {
		const flood = this.#of(source);
		if (flood.lines.take(entry.at)) return true;
		const { held } = flood;
		const own = keyOf(entry);
		const key = held.has(own) || held.size < mostKinds ? own : entry.event;
		const known = held.get(key);
		if (known === void 0) held.set(key, {
			entry,
			count: 1,
			since: entry.at
		});
		else {
			known.entry = entry;
			known.count += 1;
		}
		flood.cancel ??= this.#clock.after(window, () => this.#tell(flood));
		return false;
	}
	/** The agent stops: what is counted is written. */
	close() {
		for (const flood of this.#floods.values()) this.#tell(flood);
		this.#floods.clear();
	}
	#tell(flood) {
		flood.cancel?.();
		delete flood.cancel;
		for (const { entry, count, since } of flood.held.values()) this.#append({
			...entry,
			count,
			since
		});
		flood.held.clear();
	}
	#of(source) {
		const known = this.#floods.get(source);
		if (known !== void 0) return known;
		if (this.#floods.size >= mostSources) this.#forgetQuiet();
		const now = this.#clock.now();
		const flood = {
			lines: new Allowance(burst$1, perSecond, now),
			required: new Allowance(burst$1, perSecondWhereRequired, now),
			held: /* @__PURE__ */ new Map()
		};
		this.#floods.set(source, flood);
		return flood;
	}
	#forgetQuiet() {
		for (const [source, { held }] of this.#floods) if (held.size === 0) this.#floods.delete(source);
	}
};
/** Refusals are alike, whatever was asked. */
const keyOf = ({ event, request, profile, secret, target }) => event === "refused" ? event : `${event} ${request} ${profile} ${secret} ${target?.scope?.join(" ")} ${target?.resource} ${target?.audience}`;
// dist/agent/gate.js
var Gate = class {
	#ports;
	#floods;
	#trouble;
	constructor(ports) {
		this.#ports = ports;
		this.#floods = new AuditFloods(ports.clock, (entry) => void this.#append(entry).catch(() => {}));
	}
	/** Why the audit log cannot be written, as far as is known. */
	get trouble() {
		return this.#trouble;
	}
	/** The agent stops: what was counted is handed on to be written. */
	close() {
		this.#floods.close();
	}
	/** `name`: of a profile or a secret. Throws (rejects with) denied, approval_*. */
	check(asker, name, target) {
		const config = this.#ports.config();
		return config instanceof Promise ? config.then((config) => this.#check(config, asker, name, target)) : this.#check(config, asker, name, target);
	}
	#check({ rules }, asker, name, target) {
		if (rules.length === 0) return;
		const question = {
			profile: name,
			target,
			visitor: asker.visitor
		};
		const ruling = rule(rules, question);
		if (ruling.verdict === "allow") return;
		if (ruling.verdict === "ask") return this.#ports.approve(question, ruling);
		throw new Failure("denied", `rule ${(ruling.index ?? 0) + 1} denies it: ${questionText(question)}`);
	}
	/** Before it leaves. Where the user set `audit = "required"`, it leaves only when this has resolved. */
	issued(asker, what) {
		return this.#note({
			at: this.#now(),
			event: "issued",
			...this.#who(asker),
			...what
		});
	}
	/** Never fails: what was refused is refused whether it can be written or not. */
	refused(asker, name, target, error) {
		const { code, message } = asFailure(error);
		const entry = {
			at: this.#now(),
			event: "refused",
			...this.#who(asker),
			target,
			code,
			reason: message,
			...name === void 0 ? {} : { profile: name }
		};
		const noted = this.#note(entry);
		if (noted instanceof Promise) noted.catch(() => {});
	}
	/** What happened to a session or the vault. */
	happened(event, name) {
		const named = name === void 0 ? {} : event === "shared" || event === "unshared" ? { door: {
			kind: "share",
			share: name
		} } : { profile: name };
		const noted = this.#note({
			at: this.#now(),
			event,
			...named
		});
		if (noted instanceof Promise) noted.catch(() => {});
	}
	#note(entry) {
		const config = this.#ports.config();
		return config instanceof Promise ? config.then((config) => this.#write(config, entry)) : this.#write(config, entry);
	}
	#write({ audit }, entry) {
		if (audit === "off") return;
		const { door, event, caller } = entry;
		const isRequired = audit === "required" && event === "issued";
		if (event === "issued" || event === "refused") {
			const share = door?.kind === "share" ? door.share : void 0;
			if (isRequired && share !== void 0 && !this.#floods.hasRoom(share)) throw tooManyLines(share);
			if (!isRequired && !this.#floods.passes(share ?? `process ${caller?.pid} ${caller?.executable}`, entry)) return;
		}
		const written = this.#append(entry);
		if (!isRequired) return void written.catch(() => {});
		return written.catch((error) => {
			throw new Failure("storage_failed", `${asFailure(error).message}, and config.toml says that nothing leaves without it`, {
				hint: "free some disk space or mend its permissions, or set audit = \"on\"",
				cause: error
			});
		});
	}
	/** Fails with storage_failed, which is told once. */
	async #append(entry) {
		try {
			await this.#ports.append(entry);
			this.#trouble = void 0;
		} catch (error) {
			const text = asFailure(error).message;
			if (this.#trouble === void 0) this.#ports.events.publish({
				type: "warning",
				text
			});
			this.#trouble = text;
			throw error;
		}
	}
	#who({ visitor, request }) {
		return {
			caller: visitor.caller,
			door: visitor.door,
			request
		};
	}
	#now() {
		return this.#ports.clock.now();
	}
};
const tooManyLines = (share) => new Failure("too_many_requests", `each token is written to the audit log, and the share '${share}' has asked for too many`, { retryAfter: 1 });
// dist/agent/logout.js
const prefix = "revocation.";
/** How long a user who logs out waits for the server, in ms. */
const patience$2 = 1e4;
/** A server that has refused for this long never will answer otherwise. */
const mostAttempts = 12;
var Logout = class {
	#ports;
	#timers = /* @__PURE__ */ new Set();
	#stopped = new AbortController();
	constructor(ports) {
		this.#ports = ports;
	}
	/** Deletes the session of a profile; resolves when that is durable and the revocation has been tried once. */
	async logOut(profile, runner) {
		let leaving = {};
		await runner.remove(async (record) => {
			leaving = await this.#prepare(profile, record);
		});
		return this.#left(profile, leaving);
	}
	/** The same where it is not the user's wish but his limit (L7). False: somebody has logged in anew meanwhile. */
	async end(profile, runner, loggedInAt, reason) {
		let leaving = {};
		const isOver = await runner.end(loggedInAt, reason, async (record) => {
			leaving = await this.#prepare(profile, record);
		});
		if (isOver) await this.#left(profile, leaving);
		return isOver;
	}
	async #prepare(profile, record) {
		if (record === void 0) return {};
		const moved = changedProfile(profile, record);
		if (moved !== void 0) return { moved };
		const revocation = await this.#writeDown(profile, record);
		return revocation === void 0 ? {} : { revocation };
	}
	async #left(profile, { revocation, moved }) {
		this.#ports.events.publish({
			type: "logged_out",
			profile: profile.name
		});
		if (revocation !== void 0) return this.#revoke(revocation);
		const answer = {
			profile: profile.name,
			revocation: "nothing_to_revoke"
		};
		return moved === void 0 ? answer : {
			...answer,
			detail: "the profile points to another server or client than the session: revoke it there"
		};
	}
	/** Takes up the revocations that were left from before. */
	async resume() {
		for (const id of await this.#ports.records.list()) {
			if (!id.startsWith(prefix)) continue;
			const revocation = await this.#read(id);
			if (revocation !== void 0) this.#retry(revocation, 1);
		}
	}
	stop() {
		this.#stopped.abort();
		for (const cancel of this.#timers) cancel();
	}
	async #revoke(revocation) {
		const { name } = revocation.profile;
		try {
			return {
				profile: name,
				revocation: await this.#try(revocation)
			};
		} catch (error) {
			this.#retry(revocation, 1);
			return {
				profile: name,
				revocation: "pending",
				detail: asFailure(error).message
			};
		}
	}
	async #try(revocation) {
		const server = this.#ports.connect(revocation.profile, async () => revocation.clientSecret);
		const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(patience$2)]);
		const result = await server.revoke(revocation.token, revocation.kind, signal);
		await this.#ports.records.remove(revocation.id);
		return result;
	}
	#retry(revocation, attempts) {
		const cancel = this.#ports.clock.after(backOff(attempts + 4, revocation.id), () => {
			this.#timers.delete(cancel);
			this.#try(revocation).catch((error) => this.#failedAgain(revocation, attempts + 1, asFailure(error)));
		});
		this.#timers.add(cancel);
	}
	#failedAgain(revocation, attempts, failure) {
		if (this.#stopped.signal.aborted) return;
		if (attempts < mostAttempts) return this.#retry(revocation, attempts);
		const { name } = revocation.profile;
		this.#ports.events.publish({
			type: "warning",
			text: `'${name}' was logged out here, but not revoked at the server: ${failure.message}`
		});
	}
	async #writeDown(profile, record) {
		const token = record.refreshToken ?? record.accessTokens[0]?.value;
		if (token === void 0) return void 0;
		const revocation = {
			id: `${prefix}${randomUUID()}`,
			profile,
			kind: record.refreshToken === void 0 ? "access_token" : "refresh_token",
			token,
			clientSecret: await this.#ports.clientSecret(profile.name)
		};
		const plain = {
			...revocation,
			token: token.reveal(),
			clientSecret: revocation.clientSecret?.reveal()
		};
		await this.#ports.records.write(revocation.id, 1, new TextEncoder().encode(JSON.stringify(plain)));
		return revocation;
	}
	async #read(id) {
		try {
			const sealed = await this.#ports.records.read(id);
			if (sealed === void 0) return void 0;
			const { profile, kind, token, clientSecret } = JSON.parse(new TextDecoder().decode(sealed.content.reveal()));
			return {
				id,
				profile,
				kind,
				token: redact(token),
				clientSecret: clientSecret === void 0 ? void 0 : redact(clientSecret)
			};
		} catch (error) {
			if (error instanceof Failure && error.code !== "record_damaged") throw error;
			this.#ports.events.publish({
				type: "warning",
				text: "a revocation that was pending cannot be read and is left where it is"
			});
			return;
		}
	}
};
// dist/agent/notices.js
function noticesIn(path) {
	return {
		load: () => {
			try {
				const notes = JSON.parse(readFileSync(path, "utf8"));
				if (typeof notes !== "object" || notes === null) return {};
				return Object.fromEntries(Object.entries(notes).filter((entry) => isNote(entry[1])));
			} catch {
				return {};
			}
		},
		save: (notes) => {
			try {
				mkdirSync(dirname(path), {
					recursive: true,
					mode: 448
				});
				writeFileSync(`${path}.tmp`, JSON.stringify(notes), { mode: 384 });
				renameSync(`${path}.tmp`, path);
			} catch {}
		}
	};
}
const isNote = (value) => typeof value === "object" && value !== null && Object.entries(value).every(([key, each]) => typeof each === (key === "isNeeded" || key === "moves" ? "boolean" : "number"));
// dist/agent/notifier.js
/** How long before the end of a login it is spoken of, in ms; a quarter of a short one's life. */
const longestNotice = 864e5;
const interval = 36e5;
/** ms by which servers round. */
const slack = 6e4;
const longestReason = 300;
var Notifier = class {
	#ports;
	#notes;
	/** When it was last said that an approval is wanted, by what it is about. */
	#waiting = /* @__PURE__ */ new Map();
	#cancel;
	#isStopped = false;
	#wakeAt = 0;
	constructor(ports) {
		this.#ports = ports;
		this.#notes = new Map(Object.entries(ports.load()));
	}
	hear(event) {
		if (event.type === "logged_in" || event.type === "logged_out") {
			if (this.#notes.delete(event.profile)) this.#save();
		}
		if (event.type === "logged_in" || event.type === "refreshed" || event.type === "unlocked") this.#wakeIn(1e3);
		if (event.type === "login_required" && this.#notes.get(event.profile)?.isNeeded !== true) {
			const { profile, reason } = event;
			this.#note(profile, { isNeeded: true });
			this.#tell(`a login to '${profile}' is needed`, `${plain(reason, longestReason)}: authsock login ${profile}`);
		}
	}
	/** Looks ahead: now, when the next end comes near, and until then every hour, for clocks are set. */
	watch() {
		const now = this.#ports.clock.now();
		let next = Infinity;
		for (const { profile, at, loggedInAt, refreshedAt } of this.#ports.ends()) {
			const { firstEnd = at, moves: moved = false, saidEnd = 0 } = this.#notes.get(profile) ?? {};
			const moves = moved || at > firstEnd + slack;
			const lifetime = at - (moves ? refreshedAt : loggedInAt);
			const left = at - now;
			const isNear = left > 0 && left <= Math.min(longestNotice, lifetime / 4);
			const isNew = at > saidEnd + slack;
			this.#note(profile, {
				firstEnd,
				moves,
				...isNear ? { saidEnd: at } : {}
			});
			if (isNear && isNew) {
				const when = fromNow(Math.floor(at / 1e3), Math.floor(now / 1e3));
				this.#tell(`the login to '${profile}' ends soon`, `it ends ${when}: authsock login ${profile}`);
			} else if (!isNear && left > 0) next = Math.min(next, left - Math.min(longestNotice, lifetime / 4));
		}
		this.#cancel?.();
		this.#cancel = void 0;
		if (next !== Infinity) this.#wakeIn(Math.min(Math.max(1e3, next), interval));
	}
	/** No window can be shown. A program that asks again and again is spoken of once an hour. */
	waits({ id, text, profile, executable, container, share, rule }) {
		const now = this.#ports.clock.now();
		for (const [key, at] of this.#waiting) if (Math.abs(now - at) >= interval) this.#waiting.delete(key);
		const key = JSON.stringify([
			profile,
			executable,
			container,
			share,
			rule
		]);
		if (this.#waiting.has(key)) return;
		this.#waiting.set(key, now);
		this.#tell("your word is wanted", `${text}: authsock approve ${id}`);
	}
	/** What became of an `always` that was said in a window. */
	remembered({ remembered, config, rule, line, detail }) {
		if (remembered === "always") this.#tell("a rule was written", `rule ${rule}, in line ${line} of ${config}`);
		else this.#tell("no rule was written", `it counts until the vault is locked: ${plain(detail ?? "", longestReason)}`);
	}
	stop() {
		this.#isStopped = true;
		this.#cancel?.();
	}
	#tell(title, text) {
		this.#ports.tell(`authsock: ${title}`, text);
	}
	/** At the latest: what is due before stays so. */
	#wakeIn(delay) {
		if (this.#isStopped) return;
		const at = this.#ports.clock.now() + delay;
		if (this.#cancel !== void 0 && this.#wakeAt <= at) return;
		this.#cancel?.();
		this.#wakeAt = at;
		this.#cancel = this.#ports.clock.after(delay, () => this.watch());
	}
	#note(profile, more) {
		const before = this.#notes.get(profile);
		const after = {
			...before,
			...more
		};
		if (JSON.stringify(after) === JSON.stringify(before)) return;
		this.#notes.set(profile, after);
		this.#save();
	}
	#save() {
		this.#ports.save(Object.fromEntries(this.#notes));
	}
};
// dist/agent/profiles.js
const secretPrefix = "client-secret.";
const freshFor = 1e3;
var Profiles = class {
	#file;
	#records;
	#connect;
	#now;
	#servers = /* @__PURE__ */ new Map();
	#config;
	#readAt = -Infinity;
	constructor(file, records, connect, now) {
		this.#file = file;
		this.#records = records;
		this.#connect = connect;
		this.#now = now;
	}
	get path() {
		return this.#file.path;
	}
	/** The profile if it is known without looking at the disk: the way of nearly every request. */
	known(name) {
		if (this.#config === void 0 || !this.#isFresh()) return void 0;
		return name === void 0 ? soleProfile(this.#config) : this.#config.profiles.get(name);
	}
	/** Synchronous where the file was looked at just now. Throws (rejects with) config_invalid. */
	configNow() {
		return this.#config !== void 0 && this.#isFresh() ? this.#config : this.#read();
	}
	/** Throws unknown_profile, profile_required, config_invalid. */
	async profile(name) {
		const known = this.known(name);
		if (known !== void 0) return known;
		const config = await this.#read();
		const names = [...config.profiles.keys()];
		if (name === void 0) {
			const sole = soleProfile(config);
			if (sole !== void 0) return sole;
			throw names.length === 0 ? new Failure("unknown_profile", "there are no profiles yet", { hint: "`authsock login https://ISSUER --client-id ID` makes one" }) : new Failure("profile_required", `which profile? there are ${names.join(", ")}`);
		}
		const profile = config.profiles.get(name);
		if (profile !== void 0) return profile;
		throw new Failure("unknown_profile", `there is no profile '${name.slice(0, 64)}'${names.length === 0 ? "" : `, only ${names.join(", ")}`}`, {
			profile: name,
			...names.length === 0 ? { hint: "`authsock login https://ISSUER --client-id ID` makes one" } : {}
		});
	}
	/** As the file has it now. Throws config_invalid. */
	async config() {
		return this.#config !== void 0 && this.#isFresh() ? this.#config : this.#read();
	}
	async all() {
		return [...(await this.config()).profiles.values()];
	}
	/** Forgets what was read: the next question looks at the disk. */
	expire() {
		this.#readAt = -Infinity;
	}
	server(profile) {
		const connected = this.#servers.get(profile.name);
		if (connected?.profile === profile) return connected.server;
		const server = this.#connect(profile, () => this.clientSecret(profile.name));
		this.#servers.set(profile.name, {
			profile,
			server
		});
		return server;
	}
	/** Kept in the vault; no request gives it back (L2). */
	async setClientSecret(profile, secret) {
		const id = secretPrefix + profile;
		const generation = await latestGeneration(this.#records, id, this.#now());
		await this.#records.write(id, generation + 1, new TextEncoder().encode(secret));
	}
	async removeClientSecret(profile) {
		await this.#records.remove(secretPrefix + profile);
	}
	/** For the agent alone. */
	async clientSecret(profile) {
		const sealed = await this.#records.read(secretPrefix + profile);
		return sealed === void 0 ? void 0 : redact(new TextDecoder().decode(sealed.content.reveal()));
	}
	#isFresh() {
		const age = this.#now() - this.#readAt;
		return age >= 0 && age < freshFor;
	}
	async #read() {
		const config = await this.#file.read();
		this.#config = config;
		this.#readAt = this.#now();
		return config;
	}
};
function soleProfile({ profiles, defaultProfile }) {
	if (defaultProfile !== void 0) return profiles.get(defaultProfile);
	if (profiles.size !== 1) return void 0;
	const [profile] = profiles.values();
	return profile;
}
// dist/agent/share-file.js
var ShareFile = class {
	#path;
	#onWarning;
	constructor(path, onWarning) {
		this.#path = path;
		this.#onWarning = onWarning;
	}
	read() {
		try {
			return JSON.parse(readFileSync(this.#path, "utf8")).shares;
		} catch (error) {
			if (error.code !== "ENOENT") this.#onWarning(`${this.#path} cannot be read: the shares are gone until it is mended`);
			return [];
		}
	}
	/** Throws storage_failed. */
	save(shares) {
		const path = this.#path;
		const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
		try {
			mkdirSync(dirname(path), {
				recursive: true,
				mode: 448
			});
			writeFileSync(temporary, `${JSON.stringify({
				version: 1,
				shares
			}, void 0, 2)}\n`, {
				mode: 384,
				flush: true
			});
			renameSync(temporary, path);
		} catch (error) {
			rmSync(temporary, { force: true });
			throw new Failure("storage_failed", `${path} cannot be written: ${error.code}`, { cause: error });
		}
	}
};
// dist/wire/requests.js
const bad = (message, hint) => new Failure("bad_request", message, hint === void 0 ? {} : { hint });
/** RFC 6749 section 3.3: scope-token. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*$/;
const longestMinTtl = 2592e3;
const longestText = 2048;
/** Tools ask for the same again and again. */
const tokenRequests = /* @__PURE__ */ new Map();
const mostRemembered = 256;
function decodeTokenRequest(query) {
	const known = tokenRequests.get(query);
	if (known !== void 0) return known;
	const request = readTokenRequest(query);
	if (tokenRequests.size >= mostRemembered) tokenRequests.clear();
	tokenRequests.set(query, request);
	return request;
}
function readTokenRequest(query) {
	const parameters = new URLSearchParams(query);
	const profile = one(parameters, "profile");
	const scope = one(parameters, "scope");
	const resource = one(parameters, "resource");
	const audience = one(parameters, "audience");
	const minTtl = one(parameters, "min_ttl");
	return {
		...profile === void 0 ? {} : { profile: checkProfileName(profile) },
		...minTtl === void 0 ? {} : { minTtl: decodeMinTtl(minTtl) },
		target: {
			...scope === void 0 ? {} : { scope: decodeScope(scope) },
			...resource === void 0 ? {} : { resource: decodeResource(resource) },
			...audience === void 0 ? {} : { audience }
		}
	};
}
function decodeLoginRequest(query) {
	const parameters = new URLSearchParams(query);
	const profile = one(parameters, "profile");
	const text = one(parameters, "grant");
	const grant = grants.find((each) => each === text);
	if (text !== void 0 && grant === void 0) throw bad(`'grant' is '${text}', not one of ${grants.join(", ")}`);
	return {
		...profile === void 0 ? {} : { profile: checkProfileName(profile) },
		...grant === void 0 ? {} : { grant }
	};
}
function checkProfileName(name) {
	if (!isProfileName(name)) throw bad(`'${name.slice(0, 64)}' is not a profile name: lower-case letters, digits, '.', '_' and '-'`);
	return name;
}
function one(parameters, name) {
	const values = parameters.getAll(name);
	if (values.length > 1) throw bad(`'${name}' is given ${values.length} times`, `give '${name}' once`);
	const value = values[0];
	if (value !== void 0 && value.length > longestText) throw bad(`'${name}' is longer than ${longestText} characters`);
	return value === "" ? void 0 : value;
}
function decodeScope(text) {
	if (!scopePattern.test(text)) throw bad("'scope' is not a list of scopes separated by spaces (RFC 6749 section 3.3)");
	return parseScope(text);
}
function decodeResource(text) {
	if (!URL.canParse(text) || text.includes("#")) throw bad("'resource' is not an absolute URI without a fragment (RFC 8707)");
	return text;
}
function decodeMinTtl(text) {
	const value = Number(text);
	if (!/^\d{1,9}$/.test(text) || value > longestMinTtl) throw bad(`'min_ttl' is not a number of seconds from 0 to ${longestMinTtl}`);
	return value;
}
function object(json) {
	if (typeof json !== "object" || json === null || Array.isArray(json)) throw bad("the body is not a JSON object");
	return json;
}
function text(json, name) {
	const value = json[name];
	if (typeof value !== "string" || value === "") throw bad(`'${name}' is missing or not a text`);
	if (value.length > longestText * 4) throw bad(`'${name}' is too long`);
	return value;
}
function decodeUnlockRequest(json) {
	if (json === void 0) return {};
	const body = object(json);
	return body["passphrase"] === void 0 ? {} : { passphrase: text(body, "passphrase") };
}
function decodeMasterKeyRequest(json) {
	const body = object(json);
	const provider = text(body, "provider");
	switch (provider) {
		case "keychain":
		case "insecure-key-file": return { provider };
		case "passphrase": return {
			provider,
			passphrase: text(body, "passphrase")
		};
		case "key-file": return {
			provider,
			path: text(body, "path")
		};
		default: throw bad(`'provider' is '${provider.slice(0, 64)}', not one of keychain, passphrase, key-file, insecure-key-file`);
	}
}
const decodeClientSecretRequest = (json) => ({ client_secret: text(object(json), "client_secret") });
function decodeSecretRequest(json) {
	const body = object(json);
	const url = optionalText(body, "url");
	const username = optionalText(body, "username");
	const expiresAt = body["expires_at"];
	if (url !== void 0 && parsePlace(url) === void 0) throw bad(`'url' is '${url.slice(0, 200)}': no host can be read from it`);
	if (expiresAt !== void 0 && !(typeof expiresAt === "number" && Number.isSafeInteger(expiresAt) && expiresAt > 0)) throw bad("'expires_at' is not in seconds since the epoch");
	const value = body["value"];
	if (typeof value !== "string" || value === "") throw bad("'value' is missing or not a text");
	if (/[\n\0]/.test(value)) throw bad("a secret is one line");
	if (username !== void 0 && /\p{Cc}/u.test(username)) throw bad("'username' holds control characters");
	return {
		value,
		...url === void 0 ? {} : { url },
		...username === void 0 ? {} : { username },
		...expiresAt === void 0 ? {} : { expires_at: expiresAt }
	};
}
const longestShare = 3456e4;
function decodeShareRequest(json) {
	const body = object(json);
	const names = (key) => {
		const list = body[key] ?? [];
		if (!Array.isArray(list)) throw bad(`'${key}' is not a list of names`);
		return list.map((name) => {
			if (typeof name !== "string") throw bad(`'${key}' is not a list of names`);
			return checkProfileName(name);
		});
	};
	const [profiles, secrets] = [names("profiles"), names("secrets")];
	if (profiles.length === 0 && secrets.length === 0) throw bad("'profiles' is empty: a share gives tokens of at least one");
	const ttl = body["ttl"];
	if (!(typeof ttl === "number" && Number.isSafeInteger(ttl) && ttl > 0 && ttl <= longestShare)) throw bad(`'ttl' is not a number of seconds from 1 to ${longestShare}`);
	const [scope, resource, audience] = [
		"scope",
		"resource",
		"audience"
	].map((name) => optionalText(body, name));
	const tcp = body["tcp"];
	if (tcp !== void 0 && typeof tcp !== "boolean" && !isPort(tcp)) throw bad(`'tcp' is neither true, false nor a port from ${lowestPort} to ${highestPort}`);
	return {
		profiles,
		secrets,
		ttl,
		...scope === void 0 ? {} : { scope: decodeScope(scope).join(" ") },
		...resource === void 0 ? {} : { resource: decodeResource(resource) },
		...audience === void 0 ? {} : { audience },
		...tcp === void 0 ? {} : { tcp }
	};
}
/** Below are those of the system's own services. */
const lowestPort = 1024;
const highestPort = 65535;
const isPort = (value) => typeof value === "number" && Number.isInteger(value) && value >= lowestPort && value <= highestPort;
function decodeApprovalReply(json) {
	const { decision, remember } = object(json);
	if (decision !== "allow" && decision !== "deny") throw bad("'decision' is neither 'allow' nor 'deny'");
	if (remember === void 0) return { decision };
	if (remember === "once" || remember === "session" || remember === "always") return {
		decision,
		remember
	};
	if (typeof remember === "number" && Number.isSafeInteger(remember) && remember > 0) return {
		decision,
		remember
	};
	throw bad("'remember' is neither 'once', 'session', 'always' nor a number of seconds");
}
const optionalText = (body, name) => body[name] === void 0 ? void 0 : text(body, name);
function decodeLoginReply(json) {
	const body = object(json);
	if (body["type"] !== "redirected") throw bad("'type' is not 'redirected'");
	return {
		type: "redirected",
		url: text(body, "url")
	};
}
// dist/agent/routes.js
const json = (value, status = 200) => ({
	status,
	type: "application/json",
	body: JSON.stringify(value)
});
const nothing = {
	status: 204,
	type: void 0,
	body: ""
};
const fixed = {
	"/v1/token": { methods: { GET: getToken } },
	"/v1/status": { methods: { GET: async (agent) => json(await agent.status()) } },
	"/v1/sessions": { methods: { GET: async (agent) => json({ sessions: await agent.sessions() }) } },
	"/v1/secrets": { methods: { GET: async (agent) => json({ secrets: await agent.secrets() }) } },
	"/v1/shares": { methods: { GET: async (agent) => json({ shares: await agent.shares() }) } },
	"/v1/approvals": { methods: { GET: async (agent) => json({ approvals: agent.approvals() }) } },
	"/v1/lock": { methods: { POST: async (agent) => json(await agent.lock()) } },
	"/v1/unlock": { methods: { POST: async (agent, { body }) => {
		const { passphrase } = decodeUnlockRequest(body);
		return json(await agent.unlock(passphrase === void 0 ? void 0 : redact(passphrase)));
	} } },
	"/v1/vault/master-key": { methods: { PUT: async (agent, { body }) => {
		const request = decodeMasterKeyRequest(body);
		return json(await agent.changeMasterKey(request.provider === "passphrase" ? {
			provider: "passphrase",
			passphrase: redact(request.passphrase)
		} : request));
	} } },
	"/v1/shutdown": { methods: { POST: (agent) => {
		agent.requestShutdown();
		return {
			status: 202,
			type: void 0,
			body: ""
		};
	} } }
};
const withName = [
	{
		pattern: /^\/v1\/sessions\/([^/]+)$/,
		route: { methods: {
			GET: async (agent, { profile }) => json(await agent.session(profile)),
			DELETE: async (agent, { profile }) => json(await agent.logOut(profile))
		} }
	},
	{
		pattern: /^\/v1\/secrets\/([^/]+)$/,
		route: { methods: {
			PUT: async (agent, { profile: name, body }) => {
				await agent.putSecret(name, decodeSecretRequest(body));
				return nothing;
			},
			DELETE: async (agent, { profile: name }) => {
				await agent.removeSecret(name);
				return nothing;
			}
		} }
	},
	{
		pattern: /^\/v1\/approvals\/([^/]+)$/,
		route: { methods: { POST: async (agent, { profile: id, body }) => {
			const answer = await agent.answerApproval(id, decodeApprovalReply(body));
			return answer === void 0 ? nothing : json(answer);
		} } }
	},
	{
		pattern: /^\/v1\/shares\/([^/]+)$/,
		route: { methods: {
			GET: async (agent, { profile: name }) => json(await agent.share(name)),
			PUT: async (agent, { profile: name, body }) => json(await agent.makeShare(name, decodeShareRequest(body)), 201),
			DELETE: async (agent, { profile: name }) => {
				await agent.removeShare(name);
				return nothing;
			}
		} }
	},
	{
		pattern: /^\/v1\/profiles\/([^/]+)\/client-secret$/,
		route: { methods: {
			PUT: async (agent, { profile, body }) => {
				await agent.setClientSecret(profile, redact(decodeClientSecretRequest(body).client_secret));
				return nothing;
			},
			DELETE: async (agent, { profile }) => {
				await agent.removeClientSecret(profile);
				return nothing;
			}
		} }
	}
];
/** Paths that a WebSocket upgrade leads to. */
const upgradePaths = /* @__PURE__ */ new Set(["/v1/login", "/v1/events"]);
/** The handler of a request. Throws not_found, method_not_allowed, bad_request. */
function findHandler(method, path) {
	const route = fixed[path];
	if (route !== void 0) return {
		handler: handlerOf(route, method, path),
		profile: ""
	};
	for (const { pattern, route } of withName) {
		const name = pattern.exec(path)?.[1];
		if (name !== void 0) return {
			handler: handlerOf(route, method, path),
			profile: profileIn(name)
		};
	}
	if (upgradePaths.has(path)) throw new Failure("bad_request", `${path} is a WebSocket: ask for an upgrade`);
	throw new Failure("not_found", `there is nothing at ${path.slice(0, 100)}`);
}
function handlerOf({ methods }, method, path) {
	const handler = methods[method];
	if (handler !== void 0) return handler;
	throw new Failure("method_not_allowed", `${path} takes ${Object.keys(methods).join(", ")}, not ${method}`);
}
const profileIn = (segment) => isProfileName(segment) ? segment : checkProfileName(decode(segment));
function decode(segment) {
	try {
		return decodeURIComponent(segment);
	} catch {
		throw new Failure("bad_request", "the path holds a malformed escape");
	}
}
function getToken(agent, { query, acceptsText, asker }) {
	const { profile, target, minTtl } = decodeTokenRequest(query);
	const issued = agent.token(asker("token"), profile, target, minTtl);
	const answer = ({ profile, token }) => acceptsText ? {
		status: 200,
		type: "text/plain; charset=utf-8",
		body: token.value.reveal()
	} : {
		status: 200,
		type: "application/json",
		body: tokenJson(profile, token, agent.now())
	};
	return issued instanceof Promise ? issued.then(answer) : answer(issued);
}
/** It is another only when a second has passed. */
const tokenJsons = /* @__PURE__ */ new WeakMap();
function tokenJson(profile, token, now) {
	const second = Math.floor(((token.expiresAt ?? now) - now) / 1e3);
	const known = tokenJsons.get(token);
	if (known?.second === second) return known.body;
	const body = JSON.stringify(tokenAnswer(profile, token, now));
	tokenJsons.set(token, {
		second,
		body
	});
	return body;
}
function tokenAnswer(profile, token, now) {
	const { resource, audience } = token.target;
	return {
		profile,
		access_token: token.value.reveal(),
		token_type: token.tokenType,
		...token.expiresAt === void 0 ? {} : {
			expires_at: Math.floor(token.expiresAt / 1e3),
			expires_in: Math.max(0, Math.floor((token.expiresAt - now) / 1e3))
		},
		scope: token.scope.join(" "),
		...resource === void 0 ? {} : { resource },
		...audience === void 0 ? {} : { audience }
	};
}
// dist/agent/share-routes.js
function findSharedHandler(share, method, path) {
	if (method === "GET" && path === "/v1/token") return {
		handler: getToken,
		profile: ""
	};
	if (method === "GET" && path === "/v1/share") return {
		handler: () => json(shareStatus(share)),
		profile: ""
	};
	throw notShared(share);
}
function shareStatus({ name, profiles, secrets, scope, resource, audience, createdAt, expiresAt }) {
	return {
		name,
		profiles,
		secrets,
		created_at: Math.floor(createdAt / 1e3),
		expires_at: Math.floor(expiresAt / 1e3),
		...scope === void 0 ? {} : { scope: scope.join(" ") },
		...resource === void 0 ? {} : { resource },
		...audience === void 0 ? {} : { audience }
	};
}
// dist/wire/secret.js
/** 256 bits, in characters that no header and no shell minds. */
const newSecret = () => randomBytes(32).toString("base64url");
const hashOf = (secret) => createHash("sha256").update(secret).digest("hex");
/** `hash`: as hashOf gives it. In a time that says nothing about where they differ. */
const isSecret = (given, hash) => timingSafeEqual(Buffer.from(hashOf(given), "hex"), Buffer.from(hash, "hex"));
// dist/agent/share-secret.js
const secretFile = (folder) => join(folder, "secret");
/** The hash of the one that is there, if it is the one of this hash, else of a new one. Throws storage_failed. */
function keepSecret(folder, hash) {
	const path = secretFile(folder);
	if (hash !== void 0 && hashOf(read(path)) === hash) return hash;
	const secret = newSecret();
	const temporary = `${path}.${randomBytes(6).toString("hex")}`;
	try {
		write(temporary, `${secret}\n`);
		renameSync(temporary, path);
	} catch (error) {
		rmSync(temporary, { force: true });
		throw new Failure("storage_failed", `${path} cannot be written: ${error.code}`, { cause: error });
	}
	return hashOf(secret);
}
function dropSecret(folder) {
	const path = secretFile(folder);
	if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(path, { force: true });
}
/** By its descriptor: where the folder was mounted writable, another file may have the name a moment later. */
function write(path, text) {
	const file = openSync(path, "wx", 384);
	try {
		writeSync(file, text);
		fsyncSync(file);
		fchmodSync(file, 420);
	} finally {
		closeSync(file);
	}
}
function read(path) {
	try {
		return lstatSync(path).isFile() ? readFileSync(path, "utf8").trim() : "";
	} catch {
		return "";
	}
}
// dist/agent/shares.js
const day = 864e5;
const hour = 36e5;
/** ms until a port that another program has is tried again. */
const patience$1 = 1e4;
const mostShares = 4096;
/** With the folder above it a path has little room. */
const longestName = 32;
var Shares = class {
	#ports;
	#file;
	#open = /* @__PURE__ */ new Map();
	/** One change after the other: two at once would both listen at one place. */
	#turn = Promise.resolve();
	#cancel;
	constructor(ports) {
		this.#ports = ports;
		this.#file = new ShareFile(ports.file, ports.onWarning);
	}
	/** Listens again for those that were there. One that cannot be had harms no other. */
	resume() {
		return this.#inTurn(async () => {
			for (const share of this.#file.read().filter((each) => !this.#isOver(each))) {
				const open = opened(share);
				await this.#start(open).catch((error) => {
					this.#open.set(share.name, open);
					this.#ports.onWarning(`the share '${share.name}' cannot be opened: ${error.message}`);
				});
			}
			await this.#tend();
		});
	}
	list() {
		return [...this.#open.values()].map((open) => this.#status(open)).sort((a, b) => a.name < b.name ? -1 : 1);
	}
	/** Throws not_found. */
	get(name) {
		return this.#status(this.#find(name));
	}
	/** One of that name gets new bounds, and stays where it is. Fails with bad_request, storage_failed. */
	make(name, request) {
		checkName(name);
		return this.#inTurn(() => this.#make(name, request));
	}
	/** Fails with not_found. */
	remove(name) {
		return this.#inTurn(() => this.#remove(name));
	}
	close() {
		return this.#inTurn(async () => {
			this.#cancel?.();
			await Promise.all([...this.#open.values()].map(({ close, tcp }) => Promise.all([close?.(), tcp?.close()])));
			this.#open.clear();
		});
	}
	async #make(name, request) {
		const known = this.#open.get(name);
		if (known === void 0 && this.#open.size >= mostShares) throw new Failure("bad_request", `there are ${mostShares} shares already`);
		const bounds = shareOf(name, request, this.#ports.clock.now());
		const open = known ?? opened(bounds);
		const before = open.tcp;
		const tcp = await this.#listener(open, request.tcp);
		try {
			const kept = request.tcp === void 0 ? known?.share.tcp : void 0;
			const hash = tcp === void 0 ? void 0 : keepSecret(this.#prepareFolder(name), known?.share.tcp?.secretHash);
			const reached = tcp === void 0 || hash === void 0 ? kept : {
				port: tcp.port,
				secretHash: hash
			};
			const share = reached === void 0 ? bounds : {
				...bounds,
				tcp: reached
			};
			this.#file.save([...this.#others(name), share]);
			await this.#startOrForget(open, share, known?.share);
		} catch (error) {
			if (tcp !== before) await tcp?.close();
			throw error;
		}
		open.tcp = tcp;
		open.isMissed &&= tcp === void 0;
		if (tcp === void 0) dropSecret(this.#folderOf(name));
		if (tcp !== before) await before?.close();
		this.#watch();
		return this.#status(open);
	}
	async #startOrForget(open, share, known) {
		open.share = share;
		if (open.close !== void 0) return;
		try {
			await this.#start(open);
		} catch (error) {
			if (known !== void 0) open.share = known;
			this.#file.save([...this.#others(share.name), ...known === void 0 ? [] : [known]]);
			throw notOpened(share, error);
		}
	}
	async #remove(name) {
		const open = this.#find(name);
		this.#file.save(this.#others(name));
		this.#open.delete(name);
		open.share = {
			...open.share,
			expiresAt: 0
		};
		await Promise.all([open.close?.(), open.tcp?.close()]);
		this.#clear(name);
	}
	#others(name) {
		return this.#all().filter((each) => each.name !== name);
	}
	async #start(open) {
		const { name } = open.share;
		const path = join(this.#prepareFolder(name), "agent.sock");
		if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) unlinkSync(path);
		open.close = await this.#ports.listen(path, () => open.share);
		this.#open.set(name, open);
	}
	/** What is not ours stays: it came from a container that has the folder mounted writable, and nothing in it is looked at. */
	#clear(name) {
		const folder = this.#folderOf(name);
		try {
			dropSecret(folder);
			rmSync(join(folder, "agent.sock"), { force: true });
			rmdirSync(folder);
		} catch (error) {
			const { code } = error;
			if (code !== "ENOENT") this.#ports.onWarning(`the share '${name}' is removed, and ${folder} is left behind: ${code}`);
		}
	}
	/** As it is wanted: the one that is there, or another. Rejects with bad_request where a port that was asked for is taken. */
	async #listener(open, wanted) {
		const had = open.share.tcp?.port;
		const port = wanted === true ? had ?? 0 : wanted ?? had ?? false;
		if (port === false) return void 0;
		if (open.tcp?.port === port) return open.tcp;
		try {
			return await this.#ports.listenOnTcp(port, () => open.share);
		} catch (error) {
			if (wanted === void 0) return void 0;
			throw error;
		}
	}
	/**
	* A port that another program has is waited for. Its secret is gone then: whoever asks there meanwhile is not to hand it over,
	* and what was handed over before is of no use.
	*/
	async #listenAgain(open, port) {
		const folder = this.#folderOf(open.share.name);
		let tcp;
		try {
			tcp = await this.#ports.listenOnTcp(port, () => open.share);
			const secretHash = keepSecret(folder, open.share.tcp?.secretHash);
			if (secretHash !== open.share.tcp?.secretHash) {
				open.share = {
					...open.share,
					tcp: {
						port,
						secretHash
					}
				};
				this.#file.save(this.#all());
			}
			open.tcp = tcp;
			open.isMissed = false;
		} catch (error) {
			await tcp?.close();
			dropSecret(folder);
			if (!open.isMissed) {
				const { message } = asFailure(error);
				this.#ports.onWarning(`the share '${open.share.name}' does not listen on TCP, and is tried again: ${message}`);
			}
			open.isMissed = true;
		}
	}
	async #tend() {
		for (const open of this.#open.values()) {
			const { name, tcp } = open.share;
			if (this.#isOver(open.share)) await this.#remove(name);
			else if (this.#hasEnded(open.share)) {
				dropSecret(this.#folderOf(name));
				await open.tcp?.close();
				open.tcp = void 0;
			} else if (tcp !== void 0 && open.tcp === void 0) await this.#listenAgain(open, tcp.port);
		}
		this.#watch();
	}
	/** The end of each is looked at when it is asked; this takes away its port, and later itself. */
	#watch() {
		this.#cancel?.();
		const now = this.#ports.clock.now();
		const waits = [...this.#open.values()].map(({ share, tcp }) => {
			if (share.tcp === void 0 || this.#hasEnded(share)) return hour;
			return tcp === void 0 ? patience$1 : share.expiresAt - now;
		});
		this.#cancel = waits.length === 0 ? void 0 : this.#ports.clock.after(Math.min(hour, ...waits), () => {
			this.#inTurn(() => this.#tend()).catch((error) => {
				this.#ports.onWarning(asFailure(error).message);
				this.#watch();
			});
		});
	}
	/** What changes them waits for what does already. */
	#inTurn(work) {
		const done = this.#turn.then(work);
		this.#turn = done.catch(() => {});
		return done;
	}
	#hasEnded({ expiresAt }) {
		return this.#ports.clock.now() >= expiresAt;
	}
	#isOver({ expiresAt }) {
		return this.#ports.clock.now() > expiresAt + day;
	}
	#find(name) {
		const found = this.#open.get(name);
		if (found !== void 0) return found;
		throw new Failure("not_found", `there is no share '${name}'`, { hint: "`authsock share list` shows those there are" });
	}
	#all() {
		return [...this.#open.values()].map(({ share }) => share);
	}
	#folderOf(name) {
		return join(this.#ports.folder, name);
	}
	#prepareFolder(name) {
		const folder = this.#folderOf(name);
		mkdirSync(this.#ports.folder, {
			recursive: true,
			mode: 448
		});
		if (lstatSync(folder, { throwIfNoEntry: false }) === void 0) {
			mkdirSync(folder);
			chmodSync(folder, 493);
		}
		return folder;
	}
	#status({ share, tcp }) {
		const folder = this.#folderOf(share.name);
		const reached = share.tcp && { tcp: {
			port: share.tcp.port,
			listening: tcp !== void 0,
			secret_file: secretFile(folder)
		} };
		return {
			...shareStatus(share),
			folder,
			socket: join(folder, "agent.sock"),
			...reached
		};
	}
};
const opened = (share) => ({
	share,
	close: void 0,
	tcp: void 0,
	isMissed: false
});
function shareOf(name, request, now) {
	const { profiles, secrets = [], scope, resource, audience, ttl } = request;
	return {
		name,
		profiles,
		secrets,
		createdAt: now,
		expiresAt: now + ttl * 1e3,
		...scope === void 0 ? {} : { scope: parseScope(scope) },
		...resource === void 0 ? {} : { resource },
		...audience === void 0 ? {} : { audience }
	};
}
/** Throws bad_request. The name is a folder's: Windows takes a dot at its end for none. */
function checkName(name) {
	if (name.length > longestName) throw new Failure("bad_request", `a share's name has at most ${longestName} characters`);
	if (name.endsWith(".")) throw new Failure("bad_request", "a share's name does not end with a dot");
}
const notOpened = ({ name }, error) => error instanceof Failure ? error : new Failure("storage_failed", `the share '${name}' cannot be opened: ${error.message}`, {
	hint: "see whether its path is too long, or the agent has no descriptors left",
	cause: error
});
// dist/wire/body.js
/** Rejects with what `tooMuch` gives when more than `most` bytes come; what follows them is not read. */
function readUpTo(stream, most, tooMuch) {
	const { promise, resolve, reject } = Promise.withResolvers();
	const chunks = [];
	let size = 0;
	const take = (chunk) => {
		size += chunk.length;
		chunks.push(chunk);
		if (size <= most) return;
		stream.off("data", take);
		stream.pause();
		reject(tooMuch());
	};
	stream.on("data", take);
	stream.once("end", () => resolve(chunks.length === 1 && chunks[0] !== void 0 ? chunks[0] : Buffer.concat(chunks)));
	stream.once("error", reject);
	stream.once("close", () => reject(/* @__PURE__ */ new Error("it was cut")));
	return promise;
}
// dist/wire/problem.js
const problemType = "application/problem+json";
function encodeProblem(failure) {
	const { profile, retryAfter, oauthError } = failure.details;
	return {
		type: `urn:authsock:problem:${failure.code}`,
		title: failure.code.replaceAll("_", " "),
		status: failure.status,
		code: failure.code,
		exit_code: failure.exitCode,
		hint: failure.hint,
		detail: failure.message,
		...profile === void 0 ? {} : { profile },
		...retryAfter === void 0 ? {} : { retry_after: retryAfter },
		...oauthError === void 0 ? {} : { oauth_error: oauthError }
	};
}
// dist/agent/channels.js
/** A client says little: a pasted URL at most. */
const longestMessage = 16384;
/** Of a watcher who does not read: what may wait in memory before it is dropped. */
const mostBuffered = 1048576;
const mostChannels = 256;
var Channels = class {
	#agent;
	#server;
	#open = /* @__PURE__ */ new Set();
	#talks = {
		"/v1/login": (channel, query) => this.#login(channel, query),
		"/v1/events": (channel) => this.#events(channel)
	};
	constructor(agent) {
		this.#agent = agent;
	}
	/** Takes over a connection that asked for an upgrade. Throws (rejects with) a Failure before anything was answered. */
	async accept(request, socket, head) {
		const { path, query } = splitTarget(request.url ?? "");
		if (!Object.hasOwn(this.#talks, path)) throw new Failure("not_found", `there is no WebSocket at ${path.slice(0, 100)}`);
		if (request.headers.origin !== void 0) throw new Failure("peer_denied", "browsers do not talk to the agent");
		if (this.#open.size >= mostChannels) throw new Failure("too_many_requests", `${mostChannels} clients are watching already`);
		this.#server ??= import("ws").then(({ WebSocketServer }) => new WebSocketServer({
			noServer: true,
			maxPayload: longestMessage,
			perMessageDeflate: false
		}));
		(await this.#server).handleUpgrade(request, socket, head, (channel) => {
			this.#open.add(channel);
			channel.on("close", () => this.#open.delete(channel));
			channel.on("error", () => channel.terminate());
			this.#talks[path]?.(channel, query);
		});
	}
	close() {
		for (const channel of this.#open) channel.close(1001, "the agent is stopping");
	}
	async #login(channel, query) {
		const say = (message) => send$1(channel, message);
		const hungUp = new AbortController();
		channel.on("close", () => hungUp.abort());
		let accept;
		channel.on("message", (data) => {
			try {
				accept?.(decodeLoginReply(parseJson(textOf(data))).url);
			} catch (error) {
				say({
					type: "progress",
					text: asFailure(error).message
				});
			}
		});
		try {
			const { profile, grant } = decodeLoginRequest(query);
			say({
				type: "done",
				session: await this.#agent.logIn(profile, grant, {
					onProgress: (progress) => say(loginMessage(progress)),
					onPaste: (take) => {
						accept = take;
					},
					signal: hungUp.signal
				})
			});
		} catch (error) {
			say({
				type: "error",
				problem: encodeProblem(asFailure(error))
			});
		}
		channel.close(1e3);
	}
	async #events(channel) {
		const unsubscribe = this.#agent.subscribe((event) => {
			if (channel.bufferedAmount > mostBuffered) channel.terminate();
			else send$1(channel, event);
		});
		channel.on("close", unsubscribe);
	}
};
/** `/v1/token?a=b` -> its path and its query. */
function splitTarget(target) {
	const mark = target.indexOf("?");
	return mark < 0 ? {
		path: target,
		query: ""
	} : {
		path: target.slice(0, mark),
		query: target.slice(mark + 1)
	};
}
/** Throws bad_request. */
function parseJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		throw new Failure("bad_request", "the body is not JSON");
	}
}
const textOf = (data) => Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
function send$1(channel, message) {
	if (channel.readyState === channel.OPEN) channel.send(JSON.stringify(message));
}
function loginMessage(progress) {
	switch (progress.type) {
		case "open_browser": return {
			type: "open_browser",
			url: progress.url,
			redirect_uri: progress.redirectUri
		};
		case "device_code": {
			const { userCode, verificationUri, verificationUriComplete, expiresIn } = progress;
			return {
				type: "device_code",
				user_code: userCode,
				verification_uri: verificationUri,
				...verificationUriComplete === void 0 ? {} : { verification_uri_complete: verificationUriComplete },
				expires_in: expiresIn
			};
		}
		case "progress": return progress;
	}
}
// dist/agent/connections.js
/** Requests of one connection whose answers nobody has read yet: who sends more does not read. */
const mostUnread = 32;
var Connections = class {
	#ports;
	#all = /* @__PURE__ */ new Map();
	/** They carry something else from now on, or end. */
	#others = /* @__PURE__ */ new Set();
	#timer;
	constructor(ports) {
		this.#ports = ports;
	}
	add(socket) {
		this.#all.set(socket, {
			requests: 0,
			request: void 0,
			taken: 0,
			since: performance.now(),
			noticed: void 0
		});
		socket.once("close", () => {
			this.#others.delete(socket);
			this.#leave(socket);
		});
		this.#timer ??= setInterval(() => this.#look(), this.#ports.arrival / 2).unref();
	}
	/** A request's header is there. False: its sender does not read what it asks for. */
	began(request, response) {
		const { socket } = request;
		const connection = this.#all.get(socket);
		if (connection === void 0 || connection.requests >= mostUnread) return false;
		connection.requests += 1;
		connection.request = request;
		connection.since = performance.now();
		connection.noticed = void 0;
		response.once("close", () => {
			connection.requests -= 1;
			connection.taken = socket.bytesRead;
			connection.since = performance.now();
		});
		return true;
	}
	upgraded(socket) {
		this.#leave(socket);
		if (!socket.destroyed) this.#others.add(socket);
	}
	/** Resolves when none is left. */
	async closed() {
		const left = [...this.#all.keys(), ...this.#others];
		await Promise.all(left.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
	}
	#leave(socket) {
		this.#all.delete(socket);
	}
	#look() {
		if (this.#all.size === 0) {
			clearInterval(this.#timer);
			this.#timer = void 0;
		}
		const now = performance.now();
		for (const [socket, connection] of this.#all) {
			if (!this.#isLate(socket, connection, now)) continue;
			this.#leave(socket);
			this.#others.add(socket);
			this.#ports.isLate(socket);
		}
	}
	#isLate(socket, connection, now) {
		const { requests, request, taken, since } = connection;
		const { arrival, idle } = this.#ports;
		if (requests > 0) return request?.complete !== true && now - since >= arrival;
		if (taken === 0) return now - since >= arrival;
		if (socket.bytesRead === taken) return now - since >= idle;
		connection.noticed ??= now;
		return now - connection.noticed >= arrival;
	}
};
// dist/agent/server.js
/** Imported, it would load what it only names (WebSocket, fetch): a third of the agent's start, and six megabytes. */
const { createServer: createServer$1 } = process.getBuiltinModule("node:http");
/** Bytes of a body: the largest is a passphrase or a client secret. */
const largestBody = 65536;
/** Bytes of a helper's call: kubectl describes its whole cluster, with the certificates of its authority. */
const largestCall = 524288;
const largestHeader = 16384;
const mostConnections = 16384;
/** Of a shared socket: whoever lies behind it is not to use up the descriptors of all. */
const mostOfShare = 256;
/** ms for a request to arrive whole. */
const arrival = 1e4;
/** ms for which an idle connection is kept. */
const idle = 6e4;
/** ms for an answer to be read after which nothing comes. */
const patience = 1e3;
const helperPath = "/v1/helper/";
/** RFC 6750. */
const challenge = "Bearer";
/** Of all that is not a request for a token: a burst, and so many a second. */
const burst = 200;
const ratePerSecond = 100;
function createAgentServer({ agent, isTrustedPeer, callerOf, log, onRequest, share, guard }) {
	const channels = new Channels(agent);
	const denied = /* @__PURE__ */ new WeakSet();
	const allowance = new Allowance(burst, ratePerSecond, agent.now());
	const visitors = /* @__PURE__ */ new WeakMap();
	const connections = new Connections({
		arrival,
		idle: 7e4,
		isLate: (socket) => refuseUpgrade(socket, new Failure("request_timeout", "the request did not arrive in time"))
	});
	const http = createServer$1({
		maxHeaderSize: largestHeader,
		headersTimeout: 0,
		requestTimeout: 0,
		connectionsCheckingInterval: 2 ** 31 - 1,
		keepAliveTimeout: idle,
		insecureHTTPParser: false,
		requireHostHeader: false
	});
	http.maxConnections = share === void 0 ? mostConnections : guard === void 0 ? mostOfShare : 2 * mostOfShare;
	http.on("connection", (socket) => {
		guard?.connected(socket);
		connections.add(socket);
		if (!isTrustedPeer(socket)) denied.add(socket);
	});
	http.on("request", (request, response) => {
		if (!connections.began(request, response)) return void request.socket.destroy();
		try {
			const answered = answer(request, response);
			if (answered !== void 0) answered.catch((error) => sendFailure(response, error));
		} catch (error) {
			sendFailure(response, error);
		}
	});
	http.on("upgrade", (request, socket, head) => {
		connections.upgraded(request.socket);
		upgrade(request, socket, head).catch((error) => refuseUpgrade(socket, asFailure(error)));
	});
	http.on("clientError", (error, socket) => refuseUpgrade(socket, malformed(error)));
	/** Before anything of a request is looked at. */
	function admit(request) {
		try {
			guard?.check(request);
		} catch (error) {
			const note = guard?.note(asFailure(error));
			if (note !== void 0) agent.refused(askerOf(request.socket, "tcp"), note);
			throw error;
		}
	}
	function check(socket, path) {
		if (denied.has(socket)) throw new Failure("peer_denied", "this agent belongs to another user");
		if (!(share === void 0 && (path === "/v1/token" || path.startsWith(helperPath))) && !allowance.take(agent.now())) throw new Failure("too_many_requests", "too many requests", { retryAfter: 1 });
	}
	/** Once a connection: what it executes later is another program, and the uid is what counts. */
	function visitorOf(socket) {
		const known = visitors.get(socket);
		if (known !== void 0) return known;
		const way = guard === void 0 ? {} : { transport: "tcp" };
		const door = share === void 0 ? { kind: "main" } : {
			kind: "share",
			share: share().name,
			...way
		};
		const visitor = {
			caller: callerOf(socket),
			door
		};
		visitors.set(socket, visitor);
		return visitor;
	}
	function askerOf(socket, request) {
		return {
			visitor: visitorOf(socket),
			request,
			...share === void 0 ? {} : { share: share() }
		};
	}
	/** At once, where nothing has to be waited for: the way of nearly every token. */
	function answer(request, response) {
		admit(request);
		const { path, query } = splitTarget(request.url ?? "");
		check(request.socket, path);
		onRequest?.();
		if (path.startsWith(helperPath)) return help(request, response, path.slice(11));
		const { handler, profile } = share === void 0 ? findHandler(request.method ?? "", path) : sharedHandler(share(), request, path);
		const acceptsText = request.headers.accept?.startsWith("text/plain") === true;
		const asker = (name) => askerOf(request.socket, name);
		const run = (body) => {
			const result = handler(agent, {
				query,
				profile,
				body,
				acceptsText,
				asker
			});
			return result instanceof Promise ? result.then((each) => send(response, each)) : send(response, result);
		};
		if (!hasBody(request)) return run(void 0);
		return readBody(request, largestBody).then((content) => run(content.length === 0 ? void 0 : parseJson(content.toString())));
	}
	function sharedHandler(of, request, path) {
		const asker = askerOf(request.socket, `${request.method} ${path.slice(0, 100)}`);
		try {
			return findSharedHandler(of, request.method ?? "", path);
		} catch (error) {
			agent.refused(asker, error);
			throw error;
		}
	}
	async function help(request, response, name) {
		if (request.method !== "POST") throw new Failure("method_not_allowed", `${helperPath}${name.slice(0, 40)} takes POST`);
		const isNoTool = request.headers.accept === problemType;
		const { headers, body, defect } = await agent.helper(askerOf(request.socket, name), await readBody(request, largestCall), isNoTool);
		if (defect !== void 0) log(describeDefect(defect));
		writeBody(response, 200, "application/octet-stream", body, headers);
	}
	async function upgrade(request, socket, head) {
		const ignore = () => {};
		socket.on("error", ignore);
		admit(request);
		check(socket, "upgrade");
		if (share !== void 0) throw notShared(share());
		await channels.accept(request, socket, head);
		socket.off("error", ignore);
	}
	function sendFailure(response, error) {
		const failure = asFailure(error);
		if (failure.code === "unexpected") log(describeDefect(failure));
		if (response.headersSent || response.destroyed) {
			response.destroy();
			return;
		}
		const { retryAfter } = failure.details;
		if (retryAfter !== void 0) response.setHeader("Retry-After", Math.ceil(retryAfter));
		const { code } = failure;
		if (code === "unauthorized") response.setHeader("WWW-Authenticate", challenge);
		if (guard !== void 0 && [
			"unauthorized",
			"peer_denied",
			"too_many_requests"
		].includes(code) || code === "too_large" || code === "request_timeout") response.setHeader("Connection", "close");
		writeBody(response, failure.status, problemType, JSON.stringify(encodeProblem(failure)));
	}
	return {
		http,
		close: async () => {
			channels.close();
			const closed = new Promise((resolve) => http.close(() => resolve()));
			http.closeIdleConnections();
			const patience = setTimeout(() => http.closeAllConnections(), 2e3);
			await closed;
			await connections.closed();
			clearTimeout(patience);
		}
	};
}
const hasBody = (request) => request.headers["transfer-encoding"] !== void 0 || (request.headers["content-length"] ?? "0") !== "0";
const readBody = (request, most) => readUpTo(request, most, () => new Failure("too_large", `the body is larger than ${most} bytes`));
function send(response, { status, type, body }) {
	if (type === void 0) response.writeHead(status).end();
	else writeBody(response, status, type, body);
}
function writeBody(response, status, type, body, more = {}) {
	const headers = {
		"Content-Type": type,
		"Content-Length": Buffer.byteLength(body),
		"Cache-Control": "no-store",
		...more
	};
	response.writeHead(status, headers).end(body);
}
function malformed(error) {
	if (error.code === "HPE_HEADER_OVERFLOW") return new Failure("too_large", `the header is larger than ${largestHeader} bytes`);
	return new Failure("bad_request", "this is not HTTP/1.1");
}
/** An answer on a connection that has no ServerResponse (any more). */
function refuseUpgrade(socket, failure) {
	if (!socket.writable) {
		socket.destroy();
		return;
	}
	const body = JSON.stringify(encodeProblem(failure));
	const lines = [
		`HTTP/1.1 ${failure.status} ${failure.code}`,
		`Content-Type: ${problemType}`,
		`Content-Length: ${Buffer.byteLength(body)}`,
		...failure.code === "unauthorized" ? [`WWW-Authenticate: ${challenge}`] : [],
		"Connection: close"
	];
	socket.on("error", () => socket.destroy());
	socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
	setTimeout(() => socket.destroy(), patience).unref();
}
const describeDefect = (failure) => {
	const { cause } = failure.details;
	return cause instanceof Error && cause.stack !== void 0 ? `${failure.message}\n${cause.stack}` : failure.message;
};
/** By which a share is asked: this machine, and what containers and virtual machines call the one that they run on. */
const shareHosts = [
	"127.0.0.1",
	"localhost",
	"[::1]",
	"host.docker.internal",
	"gateway.docker.internal",
	"host.containers.internal"
];
/** Node's fetch sends Sec-Fetch-Mode and no other of its kind; browsers send Sec-Fetch-Site with it. */
const fromElsewhere = /^(origin|referer|forwarded|via|x-forwarded-.*|sec-(?!fetch-mode$).*)$/;
/** `hosts`: the names that the listener goes by. Throws peer_denied. */
function checkOrigin({ socket, headers, headersDistinct, url }, hosts) {
	const denied = (whom) => new Failure("peer_denied", `what comes from ${whom} is not answered`, { hint: `ask ${hosts.join(" or ")} itself` });
	if (socket.remoteAddress !== "127.0.0.1") throw denied("another machine");
	const port = socket.localPort;
	const given = headersDistinct["host"] ?? [];
	const [host = ""] = given;
	const isOurs = hosts.some((name) => host.toLowerCase() === (port === 80 ? name : `${name}:${port}`));
	if (given.length !== 1 || !isOurs || url?.startsWith("/") !== true) throw denied("another name");
	const foreign = Object.keys(headers).find((name) => fromElsewhere.test(name));
	if (foreign !== void 0) throw denied(`a browser or a proxy (${foreign.slice(0, 40)})`);
}
// dist/agent/tcp-guard.js
/** Connections that have not brought the secret yet: the oldest makes room for the next. */
const mostStrangers = 256;
/** Wrong secrets that are told so: a burst, and so many a second. The others are told to wait. */
const tries = {
	burst: 20,
	perSecond: 5
};
/** Refusals that are written down one by one: a burst, and one a minute. The others are counted. */
const notes = {
	burst: 20,
	perSecond: 1 / 60
};
var TcpGuard = class {
	#ports;
	#tries;
	#notes;
	#strangers = /* @__PURE__ */ new Set();
	#unwritten = 0;
	constructor(ports) {
		this.#ports = ports;
		this.#tries = new Allowance(tries.burst, tries.perSecond, ports.now());
		this.#notes = new Allowance(notes.burst, notes.perSecond, ports.now());
	}
	connected(socket) {
		this.#strangers.add(socket);
		socket.once("close", () => this.#strangers.delete(socket));
		const [oldest] = this.#strangers;
		if (this.#strangers.size > mostStrangers) oldest?.destroy();
	}
	/** Throws peer_denied, unauthorized, too_many_requests. */
	check(request) {
		checkOrigin(request, shareHosts);
		const given = bearer(request.headersDistinct["authorization"]);
		const hash = this.#ports.tcp()?.secretHash;
		if (given !== void 0 && hash !== void 0 && isSecret(given, hash)) {
			this.#strangers.delete(request.socket);
			return;
		}
		if (!this.#tries.take(this.#ports.now())) throw new Failure("too_many_requests", "too many wrong secrets have come here", { retryAfter: 1 });
		throw new Failure("unauthorized", given === void 0 ? "the secret is missing" : "the secret is wrong");
	}
	/** What is to be written down of a refusal; undefined where enough is written already. */
	note(failure) {
		if (!this.#notes.take(this.#ports.now())) {
			this.#unwritten += 1;
			return;
		}
		const others = this.#unwritten;
		this.#unwritten = 0;
		return others === 0 ? failure : new Failure(failure.code, `${failure.message}; ${others} before it are not written down`);
	}
};
/** Of the one Authorization header there may be. */
function bearer(headers) {
	if (headers?.length !== 1) return void 0;
	return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(headers[0] ?? "")?.[1];
}
// dist/agent/main.js
/** ms: an agent on another host that died while it wrote is waited for as long as its lock takes to go stale. */
const auditPatience = 15e3;
/** Runs until it is told to stop; the result is the exit code. */
async function runAgent(options) {
	startClean();
	harden(options.masterKeyFd);
	const log = new Log(options.log);
	try {
		const where = paths();
		prepareSocketFolder(where.runtimeDirectory);
		if (await takeAgentLock(where.agentLock) === void 0) {
			log.error(`an agent is already running at ${where.socket}`);
			return exitCodes.ok;
		}
		const code = await serve(where, options, log);
		setTimeout(() => process.exit(code), 1e3).unref();
		return code;
	} catch (error) {
		const failure = asFailure(error);
		log.error(failure.message);
		if (failure.hint !== "") log.error(`hint: ${failure.hint}`);
		return failure.exitCode;
	}
}
async function serve(where, options, log) {
	const clock = systemClock;
	const events = new EventHub(() => clock.now());
	const warnings = /* @__PURE__ */ new Set();
	const warn = (text) => {
		warnings.add(text);
		events.publish({
			type: "warning",
			text
		});
	};
	events.subscribe((event) => event.type === "warning" ? log.error(eventWords(event)) : log.info(eventWords(event)));
	const lock = sessionLocks({
		directory: join(where.vaultDirectory, "locks"),
		onWarning: warn,
		...hasLocalLock() ? { tryLocalLock } : {}
	});
	const named = namedMasterKey(options);
	const atFault = faultPoint(process.env);
	const steps = [
		"create",
		"link",
		"rename",
		"remove",
		"syncFolder"
	];
	const vault = new Vault({
		directory: where.vaultDirectory,
		clock,
		lock,
		onWarning: warn,
		...named === void 0 ? {} : { named },
		...atFault === void 0 ? {} : { disk: withFaultPoints(realDisk, steps, atFault) }
	});
	const connect = connectBy(clock);
	const seen = new SeenGenerations(where.seenFolder);
	const profiles = new Profiles(new ConfigFile(where.configFile), vault, connect, () => clock.now());
	const logins = new Logins({
		clock,
		profiles,
		sessions: () => sessions,
		events,
		prepareVault: () => vault.prepare()
	});
	const sessions = new Sessions({
		clock,
		store: new SessionStore(vault, warn, seen),
		lock,
		profiles,
		events,
		...atFault === void 0 ? {} : { atFault },
		end: (profile, runner, loggedInAt, reason) => logout.end(profile, runner, loggedInAt, reason),
		logInUnattended: async (profile) => {
			await logins.logIn(profile, "client_credentials", {
				onProgress: () => {},
				signal: new AbortController().signal
			});
		}
	});
	const logout = new Logout({
		clock,
		records: vault,
		connect,
		clientSecret: (name) => profiles.clientSecret(name),
		events
	});
	const audit = new AuditLog({
		path: where.auditFile,
		lock: async () => {
			const held = await lock.acquire("audit", auditPatience, new AbortController().signal);
			return () => held.release();
		}
	});
	const approvals = new Approvals({
		clock,
		newId: () => randomBytes(4).toString("hex"),
		requested: (approval) => events.publish({
			type: "approval_requested",
			approval
		}),
		settled: ({ id }, decision) => events.publish({
			type: "approval_settled",
			id,
			decision
		}),
		prompt: async (approval, signal) => {
			const { prompt } = await profiles.configNow();
			return askOnDesktop(prompt, {
				text: approval.text,
				details: approvalDetails(approval)
			}, signal);
		},
		cannotPrompt: (approval) => notifier.waits(approval),
		write: async ({ verdict, ...rest }, before) => {
			const day = new Date(clock.now()).toISOString().slice(0, 10);
			const { index, line, text } = await addRule(where.configFile, {
				decision: verdict,
				...rest
			}, { before }, `said for always on ${day}`);
			profiles.expire();
			return {
				config: where.configFile,
				rule: index + 1,
				line,
				text
			};
		},
		lasting: ({ id }, answer, by) => {
			events.publish({
				type: "approval_remembered",
				id,
				...answer
			});
			if (by === "prompt") notifier.remembered(answer);
		}
	});
	const gate = new Gate({
		clock,
		events,
		config: () => profiles.configNow(),
		append: (entry) => audit.append(entry),
		approve: (question, ruling) => approvals.approve(question, ruling)
	});
	const secrets = new Secrets({
		clock,
		records: vault,
		events
	});
	const credentials = new Credentials({
		clock,
		profiles,
		secrets,
		events,
		prepareVault: () => vault.prepare(),
		gate,
		token: (asker, name, target, minTtl) => agent.token(asker, name, target, minTtl),
		refusedToken: (value) => sessions.refused(value),
		isToken: (value) => sessions.holds(value),
		assumeRole: (role, token) => assumeRole(role, token, {
			now: () => clock.now(),
			signal: new AbortController().signal
		})
	});
	events.subscribe((event) => {
		if (event.type === "logged_in" || event.type === "logged_out") gate.happened(event.type, event.profile);
		if (event.type === "logged_in" || event.type === "unlocked") autoLock.opened();
	});
	const shares = new Shares({
		clock,
		file: where.sharesFile,
		folder: where.sharesDirectory,
		onWarning: warn,
		listen: async (path, share) => {
			const server = createAgentServer({
				agent,
				callerOf,
				share,
				isTrustedPeer: () => true,
				log: (text) => log.error(text)
			});
			const remove = await listenOn(server.http, path, 438);
			return async () => {
				remove();
				await server.close();
			};
		},
		listenOnTcp: async (port, share) => {
			const server = createAgentServer({
				agent,
				callerOf: () => unknownCaller,
				share,
				guard: new TcpGuard({
					now: () => clock.now(),
					tcp: () => share().tcp
				}),
				isTrustedPeer: () => true,
				log: (text) => log.error(text)
			});
			return {
				port: await listenOnLoopback(server.http, port),
				close: () => server.close()
			};
		}
	});
	const autoLock = new AutoLock({
		clock,
		config: () => profiles.configNow(),
		isOpen: () => vault.status().state === "open",
		lock: async (why) => {
			log.info(`locking: ${why}`);
			await agent.lock();
		},
		watchScreen: watchScreenLock,
		onWarning: warn
	});
	const notifier = new Notifier({
		clock,
		ends: () => sessions.loginEnds(),
		tell: (title, text) => {
			Promise.resolve(profiles.configNow()).then(({ notify: command }) => notify(command, title, text), () => notify(void 0, title, text));
		},
		...noticesIn(join(where.stateDirectory, "notices.json"))
	});
	events.subscribe((event) => notifier.hear(event));
	const { promise: stopped, resolve: shutDown } = Promise.withResolvers();
	const agent = new Agent({
		clock,
		vault,
		profiles,
		sessions,
		logins,
		logout,
		secrets,
		credentials,
		gate,
		shares,
		approvals,
		events,
		warnings,
		about: {
			version: version(),
			socket: where.socket
		},
		shutDown
	});
	const server = createAgentServer({
		agent,
		isTrustedPeer: isOwnPeer,
		callerOf,
		log: (text) => log.error(text),
		onRequest: () => autoLock.touch()
	});
	if (!tellsCallers()) warn("nothing here tells who calls: every caller is unknown, and a rule that names an executable matches none");
	const inherited = inheritedSocket(process.env);
	const removeSocket = inherited === void 0 ? await listenOn(server.http, where.socket) : await listenOnInherited(server.http, inherited.fd);
	log.info(`version ${version()} listens at ${inherited === void 0 ? where.socket : "the socket it was given"}`);
	await shares.resume();
	watchSignals(shutDown, log);
	wakeUp(vault, sessions, logout, secrets, log).then(() => {
		autoLock.start();
		notifier.watch();
	});
	await stopped;
	log.info("stopping");
	removeSocket();
	logins.cancelAll();
	approvals.forget("the agent is stopping");
	logout.stop();
	secrets.stop();
	autoLock.stop();
	notifier.stop();
	const closing = Promise.all([server.close(), shares.close()]);
	const impatient = clock.after(5e3, () => sessions.interrupt());
	await sessions.close(new Failure("shutting_down", "the agent is stopping"));
	impatient();
	await closing;
	await seen.settled();
	gate.close();
	await audit.close();
	vault.close();
	return exitCodes.ok;
}
/** What the vault holds is taken up without being asked, where that needs no user. */
async function wakeUp(vault, sessions, logout, secrets, log) {
	try {
		await vault.open();
		if (vault.status().state !== "open") return;
		await sessions.loadAll();
		await secrets.watch();
		await logout.resume();
	} catch (error) {
		log.info(`not opened yet: ${asFailure(error).message}`);
	}
}
function namedMasterKey({ masterKeyFd, masterKeyFile }) {
	if (masterKeyFd !== void 0) return {
		provider: "descriptor",
		fd: masterKeyFd
	};
	const path = masterKeyFile ?? process.env["AUTHSOCK_MASTER_KEY_FILE"];
	if (path !== void 0 && path !== "") return {
		provider: "key-file",
		path
	};
	const credentials = process.env["CREDENTIALS_DIRECTORY"];
	if (credentials === void 0) return void 0;
	const credential = join(credentials, "authsock-master-key");
	return isThere(credential) ? {
		provider: "systemd-credential",
		path: credential
	} : void 0;
}
function isThere(path) {
	try {
		closeSync(openSync(path, "r"));
		return true;
	} catch {
		return false;
	}
}
function watchSignals(shutDown, log) {
	for (const signal of [
		"SIGTERM",
		"SIGINT",
		"SIGHUP"
	]) process.on(signal, shutDown);
	process.on("unhandledRejection", (reason) => log.error(`unexpected: ${asFailure(reason).message}`));
	process.on("uncaughtException", (error) => log.error(`unexpected: ${asFailure(error).message}`));
}
function version() {
	return createRequire(import.meta.url)("../../package.json").version;
}
export { oneLine as a, rfc3339 as c, usernameAt as d, redact as f, placeText as h, jsonLine as i, schemeOf as l, parsePlace as m, failureLine as n, options as o, bare$2 as p, failureText as r, runAgent, parseJson$1 as s, authorization as t, unixTime as u };
