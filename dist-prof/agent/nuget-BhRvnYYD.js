import { n as asFailure } from "./failures-D0yUokPr.js";
import { d as usernameAt, i as jsonLine, m as parsePlace, n as failureLine, s as parseJson } from "./main-DvN6nTMb.js";
// dist/helpers/nuget.js
const protocolVersion = "2.0.0";
const more = (message) => ({
	...message === void 0 ? {} : { stdout: jsonLine(message) },
	next: "more"
});
const nuget = {
	async run({ stdin }, ports) {
		if (stdin === "") return more(handshake());
		const { RequestId, Type, Method, Payload } = parseJson(stdin, "NuGet's message");
		if (Type !== "Request" || typeof RequestId !== "string" || typeof Method !== "string") return more();
		if (Method === "Close") return {};
		return more({
			RequestId,
			Type: "Response",
			Method,
			Payload: await answer(Method, typeof Payload === "object" && Payload !== null ? Payload : {}, ports)
		});
	},
	fail: (failure, { stdin }) => {
		const requestId = stdin === "" ? crypto.randomUUID() : parseJson(stdin, "NuGet's message")["RequestId"];
		const payload = { Message: failureLine(failure) };
		return more({
			RequestId: String(requestId),
			Type: "Fault",
			Method: "None",
			Payload: payload
		});
	}
};
const handshake = () => ({
	RequestId: crypto.randomUUID(),
	Type: "Request",
	Method: "Handshake",
	Payload: {
		ProtocolVersion: protocolVersion,
		MinimumProtocolVersion: "1.0.0"
	}
});
async function answer(method, payload, ports) {
	switch (method) {
		case "Handshake": return {
			ResponseCode: "Success",
			ProtocolVersion: protocolVersion
		};
		case "GetOperationClaims": return { Claims: (payload["PackageSourceRepository"] ?? void 0) === void 0 ? ["Authentication"] : [] };
		case "GetAuthenticationCredentials": return credentials(payload, ports);
		case "Initialize":
		case "SetLogLevel":
		case "SetCredentials":
		case "MonitorNuGetProcessExit": return { ResponseCode: "Success" };
		default: return { ResponseCode: "NotFound" };
	}
}
async function credentials({ Uri: uri, IsRetry: isRetry }, ports) {
	const place = typeof uri === "string" ? parsePlace(uri) : void 0;
	if (place === void 0) return { ResponseCode: "NotFound" };
	try {
		let credential = await ports.at(place);
		if (credential !== void 0 && isRetry === true) {
			await ports.refused(place, credential.value.reveal());
			credential = await ports.at(place);
		}
		if (credential === void 0) return { ResponseCode: "NotFound" };
		return {
			Username: usernameAt(credential, place),
			Password: credential.value.reveal(),
			AuthenticationTypes: ["Basic"],
			ResponseCode: "Success"
		};
	} catch (error) {
		return {
			ResponseCode: "Error",
			Message: failureLine(asFailure(error))
		};
	}
}
export { nuget };
