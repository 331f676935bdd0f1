import { extname } from "node:path";
import { Worker } from "node:worker_threads";
// dist/vault/passphrase.js
/** scrypt with N = 2^18: about a second, and 256 MB. */
const logN = 18;
async function encryptKey(key, passphrase) {
	const file = await run({
		type: "encrypt",
		passphrase: passphrase.reveal(),
		content: key,
		logN
	});
	if (file === void 0) throw new Error("the age file could not be made");
	return file;
}
/** Undefined where the passphrase is wrong (or the file damaged: the two look alike). */
async function decryptKey(file, passphrase) {
	const key = await run({
		type: "decrypt",
		passphrase: passphrase.reveal(),
		content: file
	});
	return key === void 0 ? void 0 : Buffer.from(key);
}
function run(job) {
	return new Promise((resolve, reject) => {
		const program = new URL(`../vault/passphrase-worker${extname(import.meta.url)}`, import.meta.url);
		const worker = new Worker(program, {
			workerData: job,
			env: {},
			execArgv: []
		});
		worker.once("message", (result) => {
			resolve(result);
			worker.terminate();
		});
		worker.once("error", reject);
		worker.once("exit", () => reject(/* @__PURE__ */ new Error("the passphrase worker ended without an answer")));
	});
}
export { decryptKey, encryptKey };
