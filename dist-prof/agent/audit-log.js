// The audit's files: audit.log, and the ones before it. Lines that come together are written together; a chain goes on over
// rotation and restarts, and over the agents that share a home. Whoever can write to the folder can also write a chain anew: the
// log tells what happened to its user, and that nobody has touched it since its last hash was noted.
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { auditLine, firstHash } from '../core/audit.js';
import { Failure } from '../core/failures.js';
import { hashOf, keptFiles, lastLine } from '../platform/audit-files.js';
import { diskFailure } from '../vault/disk.js';
/** Entries that a disk which hangs may keep waiting. */
const mostWaiting = 10_000;
/** ms for which the lock is kept while more comes. */
const longestTurn = 100;
const codeOf = (error) => error.code;
export class AuditLog {
    #path;
    #largest;
    #kept;
    #lock;
    #waiting = [];
    #writing;
    /** Seq and hash are those of the files' last line. */
    #isKnown = false;
    /** The file as it was left; undefined: there was none. */
    #left;
    #seq = 0;
    #hash = firstHash;
    constructor({ path, largest = 8 * 1024 * 1024, kept = keptFiles, lock }) {
        this.#path = path;
        this.#largest = largest;
        this.#kept = kept;
        this.#lock = lock;
    }
    /** The hash of the last line. */
    get head() {
        return this.#hash;
    }
    /** Resolves when it is written (not synced). Fails with storage_failed. */
    append(entry) {
        return new Promise((resolve, reject) => {
            if (this.#waiting.length >= mostWaiting) {
                reject(this.#failure(new Failure('storage_failed', 'what was to be written before still waits')));
                return;
            }
            this.#waiting.push({ entry, resolve, reject });
            this.#writing ??= this.#write();
        });
    }
    /** Resolves when all is written. */
    async close() {
        await this.#writing;
    }
    async #write() {
        // Whoever comes in the same turn goes into the same write.
        await Promise.resolve();
        while (this.#waiting.length > 0) {
            let taken = [];
            const take = () => {
                taken = this.#waiting;
                this.#waiting = [];
                return taken;
            };
            try {
                await this.#writeInTurn(take);
            }
            catch (error) {
                // What of it has reached the file is looked at before the next line.
                this.#isKnown = false;
                const failure = this.#failure(error);
                // Nobody's turn came: all who wait are told.
                for (const { reject } of taken.length > 0 ? taken : take())
                    reject(failure);
            }
        }
        // In the same turn as the last look: whoever comes next begins anew.
        this.#writing = undefined;
    }
    async #writeInTurn(take) {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        const release = await this.#lock?.();
        const until = performance.now() + longestTurn;
        try {
            let isCut = await this.#lookAgain();
            do {
                const batch = take();
                await this.#writeBatch(batch.map(({ entry }) => entry), isCut);
                isCut = false;
                for (const { resolve } of batch)
                    resolve();
            } while (this.#waiting.length > 0 && performance.now() < until);
        }
        finally {
            await release?.();
        }
    }
    /** The file is not kept open: a folder that is to be unmounted is nobody's to hold. */
    async #writeBatch(entries, isCut) {
        let [seq, hash] = [this.#seq, this.#hash];
        const lines = entries.map((entry) => {
            seq += 1;
            const line = auditLine(entry, seq, hash);
            hash = hashOf(line);
            return `${line}\n`;
        });
        const file = await open(this.#path, 'a', 0o600);
        try {
            const { size: before } = await file.stat();
            try {
                // A crash has cut the last line: it stays, and is reported by `verify`.
                await file.appendFile((isCut ? '\n' : '') + lines.join(''));
            }
            catch (error) {
                // What a full disk has taken of it was never answered.
                await file.truncate(before).catch(() => { });
                throw error;
            }
            const { size, ino } = await file.stat();
            this.#left = { size, ino };
        }
        finally {
            await file.close();
        }
        // Only what is written counts: a write that failed is not part of the chain.
        this.#seq = seq;
        this.#hash = hash;
        if (this.#left.size >= this.#largest)
            await this.#rotate();
    }
    /**
     * Another agent may have written since: the chain goes on from where it has ended. From a file that was cut or taken away
     * meanwhile it does not, so that this shows. Whether the last line was cut.
     */
    async #lookAgain() {
        const now = await stat(this.#path).catch(() => undefined);
        const left = this.#left;
        if (this.#isKnown && now?.ino === left?.ino && now?.size === left?.size)
            return false;
        const { last, inodes } = await lastLine(this.#path);
        const hasGoneOn = left === undefined || (now?.ino === left.ino ? now.size >= left.size : inodes.has(left.ino));
        if (this.#seq === 0 || (hasGoneOn && last !== undefined)) {
            this.#seq = last?.seq ?? this.#seq;
            this.#hash = last === undefined ? firstHash : hashOf(last.bytes);
        }
        this.#isKnown = true;
        return last?.isCut === true;
    }
    async #rotate() {
        for (let number = this.#kept; number >= 1; number--) {
            const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
            await rename(from, `${this.#path}.${number}`).catch((error) => {
                if (codeOf(error) !== 'ENOENT')
                    throw error;
            });
        }
        await rm(`${this.#path}.${this.#kept + 1}`, { force: true });
        this.#left = undefined;
    }
    #failure(error) {
        const what = `the audit log ${this.#path} cannot be written`;
        return error instanceof Failure
            ? new Failure('storage_failed', `${what}: ${error.message}`, { cause: error })
            : diskFailure(error, what);
    }
}
