import { t as Failure } from "./failures-D0yUokPr.js";
import { i as jsonLine, n as failureLine, o as options, u as unixTime } from "./main-DvN6nTMb.js";
// dist/helpers/google.js
const idToken = "urn:ietf:params:oauth:token-type:id_token";
const jwt = "urn:ietf:params:oauth:token-type:jwt";
const google = {
	async run({ args, env }, ports) {
		const { name, target, minTtl, flags } = options(args, { "access-token": "flag" });
		const wanted = env["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE"] ?? idToken;
		if (wanted !== idToken && wanted !== jwt) throw new Failure("bad_request", `subject_token_type is '${wanted}'`, { hint: `set it to ${idToken} or ${jwt}` });
		const { value, expiresAt } = flags.has("access-token") ? await ports.named(name, target, minTtl) : await ports.idToken(name);
		return { stdout: jsonLine({
			version: 1,
			success: true,
			token_type: wanted,
			id_token: value.reveal(),
			...expiresAt === void 0 ? {} : { expiration_time: unixTime(expiresAt) }
		}) };
	},
	fail: (failure) => ({ stdout: jsonLine({
		version: 1,
		success: false,
		code: String(failure.status),
		message: failureLine(failure)
	}) }),
	isBatch: ({ env }) => env["GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"] !== "1"
};
export { google };
