// The operations on files that the vault is made of, each one step that can fail or be the last before a crash. Tests put
// a faulty disk in its place; nothing else in the vault touches files.
import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { Failure } from '../core/failures.js';
const codeOf = (error) => error.code;
export const realDisk = {
    async read(path) {
        try {
            return await readFile(path);
        }
        catch (error) {
            if (codeOf(error) === 'ENOENT')
                return undefined;
            throw error;
        }
    },
    async create(path, content) {
        const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
        try {
            await file.writeFile(content);
            await file.sync();
        }
        catch (error) {
            // A full disk must not fill up with what did not fit on it.
            await unlink(path).catch(() => { });
            throw error;
        }
        finally {
            await file.close();
        }
    },
    async link(from, to) {
        try {
            await link(from, to);
        }
        catch (error) {
            if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'].includes(codeOf(error) ?? ''))
                throw error;
            await copyFile(from, to, constants.COPYFILE_EXCL);
            await sync(to, constants.O_RDWR);
        }
    },
    rename,
    async remove(path) {
        try {
            await unlink(path);
        }
        catch (error) {
            if (codeOf(error) !== 'ENOENT')
                throw error;
        }
    },
    async syncFolder(path) {
        // Windows has no way to, and needs none.
        if (process.platform !== 'win32')
            await sync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    },
    list: (path) => readdir(path),
    async makeFolder(path) {
        await mkdir(path, { recursive: true, mode: 0o700 });
        if (process.platform === 'win32')
            return;
        // Of the folder itself, should the name be a link to it.
        const { uid, mode } = await stat(path);
        if (uid !== process.getuid?.())
            throw new Failure('storage_failed', `${path} belongs to another user (uid ${uid})`);
        if ((mode & 0o077) !== 0)
            await chmod(path, 0o700);
    },
    async modifiedAt(path) {
        try {
            return (await lstat(path)).mtimeMs;
        }
        catch (error) {
            if (codeOf(error) === 'ENOENT')
                return undefined;
            throw error;
        }
    },
};
async function sync(path, flags) {
    const file = await open(path, flags);
    try {
        await file.sync();
    }
    finally {
        await file.close();
    }
}
const sentences = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EROFS: 'the file system is read-only',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
    EIO: 'the disk has an error',
    EMFILE: 'no file descriptors are left',
    ENFILE: 'no file descriptors are left',
};
/** Whatever a disk throws, as storage_failed; a Failure stays what it is. */
export function diskFailure(error, what) {
    if (error instanceof Failure)
        return error;
    const code = codeOf(error) ?? 'unknown error';
    return new Failure('storage_failed', `${what}: ${sentences[code] ?? code}`, { cause: error });
}
