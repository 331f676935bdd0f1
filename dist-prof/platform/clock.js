// The wall clock and its timers.
/** setTimeout takes a longer delay for none at all. */
const longestDelay = 2 ** 31 - 1;
export const systemClock = {
    now: () => Date.now(),
    after: (delay, callback) => {
        const timer = setTimeout(callback, Math.min(delay, longestDelay));
        return () => clearTimeout(timer);
    },
};
