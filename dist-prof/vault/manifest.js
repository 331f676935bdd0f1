// vault.json: which master keys the vault knows and where each is kept. It never holds a key.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../core/failures.js';
import { diskFailure } from './disk.js';
const providers = new Set([
    'keychain',
    'passphrase',
    'key-file',
    'descriptor',
    'systemd-credential',
    'insecure-key-file',
]);
const fileName = 'vault.json';
export async function readManifest(folder, disk) {
    const path = join(folder, fileName);
    let content;
    try {
        content = await disk.read(path);
    }
    catch (error) {
        throw diskFailure(error, `${path} cannot be read`);
    }
    if (content === undefined)
        return undefined;
    const manifest = parse(content);
    if (manifest === undefined) {
        throw new Failure('record_damaged', `${path} cannot be read: it is not a vault's description`, {
            hint: `restore ${path} from a backup, or move the vault folder away to start anew`,
        });
    }
    return manifest;
}
function parse(content) {
    try {
        const manifest = JSON.parse(content.toString());
        const isRight = manifest.format === 1 &&
            typeof manifest.vault_id === 'string' &&
            typeof manifest.current === 'string' &&
            Array.isArray(manifest.keys) &&
            manifest.keys.every((key) => typeof key.key_id === 'string' &&
                providers.has(key.provider) &&
                (key.path === undefined || typeof key.path === 'string')) &&
            manifest.keys.some(({ key_id }) => key_id === manifest.current);
        return isRight ? manifest : undefined;
    }
    catch {
        return undefined;
    }
}
/** Durable when it resolves. Fails with storage_failed. */
export async function writeManifest(folder, disk, manifest) {
    const path = join(folder, fileName);
    const temporary = join(folder, `${fileName}.${randomBytes(8).toString('hex')}.tmp`);
    try {
        await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
        await disk.rename(temporary, path);
        await disk.syncFolder(folder);
    }
    catch (error) {
        throw diskFailure(error, `${path} cannot be written`);
    }
}
/** The first of several agents that create a vault at once wins; the others see its manifest. Gives whether it was this one. */
export async function createManifest(folder, disk, manifest) {
    const path = join(folder, fileName);
    const temporary = join(folder, `${fileName}.${randomBytes(8).toString('hex')}.tmp`);
    try {
        await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
        try {
            await disk.link(temporary, path);
        }
        catch (error) {
            if (error.code === 'EEXIST')
                return false;
            throw error;
        }
        finally {
            await disk.remove(temporary);
        }
        await disk.syncFolder(folder);
        return true;
    }
    catch (error) {
        throw diskFailure(error, `${path} cannot be written`);
    }
}
