// The last generation of each record that this user has had, kept outside the vault: a vault that was restored from a backup,
// or copied over, is older than that, and its refresh tokens may have been spent since (R13). It holds no secret, and what is
// lost of it costs a warning at most.
import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
/** Over many files, so that one session's note costs no writing of a hundred thousand others. */
export class SeenGenerations {
    #folder;
    #files = new Map();
    constructor(folder) {
        this.#folder = folder;
    }
    /** Whether a later generation of the same login has been there. */
    isOutdated(id, seen) {
        return this.#fileOf(id).isOutdated(id, seen);
    }
    note(id, seen) {
        this.#fileOf(id).note(id, seen);
    }
    /** What was noted is written. */
    async settled() {
        await Promise.all([...this.#files.values()].map((file) => file.settled()));
    }
    #fileOf(id) {
        const name = hash('sha256', id, 'hex').slice(0, 2);
        const known = this.#files.get(name);
        if (known !== undefined)
            return known;
        const file = new NotesFile(join(this.#folder, `${name}.json`));
        this.#files.set(name, file);
        return file;
    }
}
class NotesFile {
    #path;
    #fresh = new Map();
    #writing;
    /** The file as it was read last: a start asks for every session, and would parse the notes of all for each. */
    #read;
    constructor(path) {
        this.#path = path;
    }
    async isOutdated(id, { login, generation }) {
        const last = this.#fresh.get(id) ?? (await this.#notes()).get(id);
        return last !== undefined && last.login === login && last.generation > generation;
    }
    note(id, seen) {
        this.#fresh.set(id, seen);
        this.#writing ??= this.#write().finally(() => {
            this.#writing = undefined;
        });
    }
    async settled() {
        await this.#writing;
    }
    async #write() {
        while (this.#fresh.size > 0) {
            const notes = new Map(this.#fresh);
            // Other agents over this home note theirs in the same file.
            const all = new Map([...(await this.#notes()), ...notes]);
            const temporary = `${this.#path}.${randomBytes(6).toString('hex')}`;
            try {
                await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
                await writeFile(temporary, JSON.stringify(Object.fromEntries(all)), { mode: 0o600, flag: 'wx' });
                await rename(temporary, this.#path);
            }
            catch {
                await rm(temporary, { force: true }).catch(() => { });
                return;
            }
            for (const [id, seen] of notes)
                if (this.#fresh.get(id) === seen)
                    this.#fresh.delete(id);
        }
    }
    async #notes() {
        // Looked at before it is read: what another agent writes in between is read again.
        const stamp = await stampOf(this.#path);
        if (this.#read?.stamp !== stamp)
            this.#read = { stamp, notes: readNotes(this.#path) };
        return this.#read.notes;
    }
}
async function stampOf(path) {
    try {
        const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
        return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
    }
    catch {
        return '';
    }
}
async function readNotes(path) {
    try {
        const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')));
        return new Map(entries.filter(([, { login, generation }]) => Number.isFinite(login) && Number.isFinite(generation)));
    }
    catch {
        return new Map();
    }
}
