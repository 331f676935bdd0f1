// A token bucket: a burst, and then so many a second.
export class Allowance {
    #burst;
    #perSecond;
    #left;
    #at;
    constructor(burst, perSecond, now) {
        this.#burst = burst;
        this.#perSecond = perSecond;
        this.#left = burst;
        this.#at = now;
    }
    /** Whether there was one left. */
    take(now) {
        this.#left = Math.min(this.#burst, this.#left + (Math.max(0, now - this.#at) / 1000) * this.#perSecond);
        this.#at = now;
        if (this.#left < 1)
            return false;
        this.#left -= 1;
        return true;
    }
}
