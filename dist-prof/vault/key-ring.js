// The master keys in memory while the vault is open. vault.ts is its only user.
import { Failure } from '../core/failures.js';
import { unwrapKey } from './master-keys.js';
export class KeyRing {
    #keys;
    #current;
    constructor(keys, current) {
        this.#keys = keys;
        this.#current = current;
    }
    /** The current key, and what it opens of the older ones: without those, only what is still sealed with them stays shut. */
    static of(manifest, current) {
        const keys = new Map([[manifest.current, current]]);
        for (const place of manifest.keys) {
            const key = place.key_id === manifest.current ? undefined : unwrapKey(current, place);
            if (key !== undefined)
                keys.set(place.key_id, key);
        }
        return new KeyRing(keys, manifest.current);
    }
    get current() {
        const key = this.#keys.get(this.#current);
        if (key === undefined)
            throw new Failure('vault_locked', 'the vault is locked');
        return key;
    }
    get(keyId) {
        return this.#keys.get(keyId);
    }
    /** Every byte of every key is overwritten. */
    wipe() {
        for (const key of this.#keys.values())
            key.fill(0);
        this.#keys.clear();
    }
}
/** Whether a file under an unknown key can be anybody's: not where every key that the vault lists is in hand. */
export const foreign = ({ manifest, keys }) => manifest.keys.every(({ key_id }) => keys.get(key_id) !== undefined) ? 'damaged' : 'refuse';
export const currentPlace = ({ keys, current }) => keys.find(({ key_id }) => key_id === current);
