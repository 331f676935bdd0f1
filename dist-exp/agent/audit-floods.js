// What a share's clients, or a program of the user's, ask for is theirs to repeat, and the audit keeps so many lines and no more: of
// a flood, what is alike becomes one line with a count, so that it cannot push out what happened before it or elsewhere.
import { Allowance } from '../core/allowance.js';
/** Lines of one share, or one process: as many at once, and then so many a second. */
const burst = 200;
const perSecond = 0.1;
/** Where each must be written before it leaves. */
const perSecondWhereRequired = 1;
/** ms for which what is alike is counted. */
const window = 60_000;
/** Kinds of lines that are told apart in a flood. */
const mostKinds = 4;
/** Sources that are known; of one that asked long ago nothing need be. */
const mostSources = 1024;
export class AuditFloods {
    #clock;
    #append;
    #floods = new Map();
    constructor(clock, append) {
        this.#clock = clock;
        this.#append = append;
    }
    /** Whether a line of its own is left for what may not leave without one. */
    hasRoom(source) {
        return this.#of(source).required.take(this.#clock.now());
    }
    /** Whether it is to be written; else it is counted, and written with others. */
    passes(source, entry) {
        const flood = this.#of(source);
        if (flood.lines.take(entry.at))
            return true;
        const { held } = flood;
        const own = keyOf(entry);
        const key = held.has(own) || held.size < mostKinds ? own : entry.event;
        const known = held.get(key);
        if (known === undefined)
            held.set(key, { entry, count: 1, since: entry.at });
        else {
            known.entry = entry;
            known.count += 1;
        }
        flood.cancel ??= this.#clock.after(window, () => this.#tell(flood));
        return false;
    }
    /** The agent stops: what is counted is written. */
    close() {
        for (const flood of this.#floods.values())
            this.#tell(flood);
        this.#floods.clear();
    }
    #tell(flood) {
        flood.cancel?.();
        delete flood.cancel;
        for (const { entry, count, since } of flood.held.values())
            this.#append({ ...entry, count, since });
        flood.held.clear();
    }
    #of(source) {
        const known = this.#floods.get(source);
        if (known !== undefined)
            return known;
        if (this.#floods.size >= mostSources)
            this.#forgetQuiet();
        const now = this.#clock.now();
        const flood = {
            lines: new Allowance(burst, perSecond, now),
            required: new Allowance(burst, perSecondWhereRequired, now),
            held: new Map(),
        };
        this.#floods.set(source, flood);
        return flood;
    }
    #forgetQuiet() {
        for (const [source, { held }] of this.#floods)
            if (held.size === 0)
                this.#floods.delete(source);
    }
}
/** Refusals are alike, whatever was asked. */
const keyOf = ({ event, request, profile, secret, target }) => event === 'refused'
    ? event
    : `${event} ${request} ${profile} ${secret} ${target?.scope?.join(' ')} ${target?.resource} ${target?.audience}`;
