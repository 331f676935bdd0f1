// What happens in the agent, for whoever watches: /v1/events and the log. A subscriber that throws harms nobody.
export class EventHub {
    #subscribers = new Set();
    #now;
    /** `now` in milliseconds. */
    constructor(now) {
        this.#now = now;
    }
    publish(body) {
        const event = { ...body, at: Math.floor(this.#now() / 1000) };
        for (const subscriber of this.#subscribers)
            subscriber(event);
    }
    subscribe(subscriber) {
        this.#subscribers.add(subscriber);
        return () => this.#subscribers.delete(subscriber);
    }
}
