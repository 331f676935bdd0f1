import { o as options, t as authorization } from "./main-DvN6nTMb.js";
// dist/helpers/pnpm.js
const pnpm = { async run({ args }, ports) {
	const { name, target, minTtl } = options(args);
	return { stdout: `${authorization(await ports.named(name, target, minTtl))}\n` };
} };
export { pnpm };
