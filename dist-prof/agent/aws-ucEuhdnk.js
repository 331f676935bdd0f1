import { t as Failure } from "./failures-D0yUokPr.js";
import { c as rfc3339, i as jsonLine, o as options } from "./main-DvN6nTMb.js";
// dist/helpers/aws.js
const aws = { async run({ args, env }, ports) {
	const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await credentials(options(args, {
		"role-arn": "value",
		"session-name": "value",
		duration: "value",
		region: "value",
		"id-token": "flag"
	}), env, ports);
	return { stdout: jsonLine({
		Version: 1,
		AccessKeyId: accessKeyId,
		SecretAccessKey: secretAccessKey.reveal(),
		...sessionToken === void 0 ? {} : { SessionToken: sessionToken.reveal() },
		...expiresAt === void 0 ? {} : { Expiration: rfc3339(expiresAt) }
	}) };
} };
async function credentials(given, env, ports) {
	const role = roleOf(given, env);
	if (role !== void 0) return ports.assumeRole(given.name, role, given.flags.has("id-token") ? "id_token" : "access_token");
	const { from, username, value, expiresAt } = await ports.named(given.name);
	if (from.kind === "secret" && username !== void 0) return {
		accessKeyId: username,
		secretAccessKey: value,
		...expiresAt === void 0 ? {} : { expiresAt }
	};
	throw from.kind === "secret" ? new Failure("bad_request", `the secret '${from.secret}' has no access key id`, { hint: `\`authsock secret add ${from.secret} --username AKIA...\` gives it one` }) : new Failure("bad_request", "a profile needs the role that its token is exchanged for", { hint: "add --role-arn arn:aws:iam::ACCOUNT:role/NAME" });
}
function roleOf({ values }, env) {
	const { "role-arn": roleArn, "session-name": sessionName, duration, region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] } = values;
	if (roleArn === void 0) return void 0;
	const seconds = duration === void 0 ? void 0 : Number(duration);
	if (seconds !== void 0 && !(seconds >= 900 && seconds <= 43200)) throw new Failure("bad_request", `--duration is '${duration}', not a number of seconds from 900 to 43200`);
	if (region !== void 0 && !/^[a-z0-9-]*$/.test(region)) throw new Failure("bad_request", `'${region}' is not a region`);
	const endpoint = env["AWS_ENDPOINT_URL_STS"] ?? env["AWS_ENDPOINT_URL"];
	return {
		roleArn,
		...sessionName === void 0 ? {} : { sessionName },
		...seconds === void 0 ? {} : { duration: seconds },
		...region === void 0 || region === "" ? {} : { region },
		...endpoint === void 0 || endpoint === "" ? {} : { endpoint }
	};
}
export { aws };
