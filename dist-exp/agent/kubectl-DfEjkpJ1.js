import { t as Failure } from "./failures-D0yUokPr.js";
import { c as rfc3339, i as jsonLine, m as parsePlace, o as options, s as parseJson } from "./main-DvN6nTMb.js";
// dist/helpers/kubectl.js
const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const kubectl = {
	async run(request, ports) {
		const { apiVersion, server } = execInfo(request);
		const { value, expiresAt } = await credential(request.args, server, ports);
		const status = {
			token: value.reveal(),
			...expiresAt === void 0 ? {} : { expirationTimestamp: rfc3339(expiresAt) }
		};
		return { stdout: jsonLine({
			apiVersion,
			kind: "ExecCredential",
			status
		}) };
	},
	isBatch: (request) => execInfo(request).interactive === false
};
async function credential(args, server, ports) {
	const { name, target, minTtl, flags } = options(args, { "id-token": "flag" });
	const isIdToken = flags.has("id-token");
	if (name !== void 0 || server === void 0) return isIdToken ? ports.idToken(name) : ports.named(name, target, minTtl);
	const place = parsePlace(server);
	const routed = place === void 0 ? void 0 : await ports.at(place);
	if (routed?.from.kind === "profile" && isIdToken) return ports.idToken(routed.from.profile);
	if (routed !== void 0) return routed;
	throw new Failure("not_found", `no route covers ${server}`, { hint: `\`authsock route add ${server} --profile PROFILE\`` });
}
function execInfo({ env }) {
	const text = env["KUBERNETES_EXEC_INFO"];
	const { apiVersion = versions[0], spec } = text === void 0 ? {} : parseJson(text, "KUBERNETES_EXEC_INFO");
	if (typeof apiVersion !== "string" || !versions.includes(apiVersion)) throw new Failure("bad_request", `KUBERNETES_EXEC_INFO is of version ${String(apiVersion)}`, { hint: `set apiVersion in the kubeconfig to ${versions.join(" or ")}` });
	const { interactive, cluster } = spec ?? {};
	const server = cluster?.server;
	return {
		apiVersion,
		interactive,
		server: typeof server === "string" ? server : void 0
	};
}
export { kubectl };
