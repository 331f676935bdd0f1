// Moving the vault to another master key without a gap: the manifest first lists both keys, then every file is sealed anew,
// one at a time, and only when none is left under the old key is that one let go. Each step can be the last before a crash.
import { asFailure } from '../core/failures.js';
import { writeManifest } from './manifest.js';
import { wrapKey } from './master-keys.js';
/** Longer than a refresh holds a record. */
const lockTimeout = 60_000;
/** Makes the new key and writes it down beside the old one: from here on, files are sealed with the new one. */
export async function startRekey({ directory, disk, masterKeys, manifest: before, choice, keys, }) {
    const { key, place } = await masterKeys.make(choice, before.vault_id);
    const others = before.keys.flatMap((each) => {
        const old = each.key_id === place.key_id ? undefined : keys.get(each.key_id);
        return each.key_id === place.key_id ? [] : [old === undefined ? each : wrapKey(key, each, old)];
    });
    const manifest = { ...before, current: place.key_id, keys: [place, ...others] };
    await writeManifest(directory, disk, manifest);
    return { manifest, place, key };
}
/** Seals what is left, forgets the old keys, and gives the manifest that remains. Records that cannot be opened keep their key. */
export async function finishRekey(ports) {
    const { files, lock, manifest, keys } = ports;
    const never = new AbortController().signal;
    for (const id of await files.list()) {
        const held = await lock.acquire(id, lockTimeout, never);
        try {
            await files.resealOne(id, keys);
        }
        finally {
            await held.release();
        }
    }
    const used = await files.keysInUse();
    const kept = manifest.keys.filter(({ key_id }) => key_id === manifest.current || used.has(key_id));
    const gone = manifest.keys.filter((place) => !kept.includes(place));
    const after = { ...manifest, keys: kept };
    if (gone.length > 0)
        await writeManifest(ports.directory, ports.disk, after);
    for (const place of gone) {
        await ports.masterKeys.discard(place, manifest).catch((error) => {
            const failure = asFailure(error);
            ports.warn(`the old master key could not be removed: ${failure.message}`);
        });
    }
    return after;
}
