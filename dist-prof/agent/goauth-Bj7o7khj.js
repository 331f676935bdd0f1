import { h as placeText, m as parsePlace, p as bare, t as authorization } from "./main-DvN6nTMb.js";
// dist/helpers/goauth.js
const goauth = { async run({ args }, ports) {
	const place = parsePlace(args.at(-1) ?? "");
	if (place?.scheme !== "https") return {};
	const credential = await ports.at(place);
	if (credential === void 0) return {};
	return { stdout: `${placeText({
		...bare(place),
		segments: []
	})}\n\nAuthorization: ${authorization(credential)}\n\n` };
} };
export { goauth };
