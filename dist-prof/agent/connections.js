// The connections of a listener: requests have to arrive in time (L4), and while nobody is connected no timer runs. http's own check
// wakes the process for ever.
/** Requests of one connection whose answers nobody has read yet: who sends more does not read. */
const mostUnread = 32;
export class Connections {
    #ports;
    #all = new Map();
    /** They carry something else from now on, or end. */
    #others = new Set();
    #timer;
    constructor(ports) {
        this.#ports = ports;
    }
    add(socket) {
        this.#all.set(socket, { requests: 0, request: undefined, taken: 0, since: performance.now(), noticed: undefined });
        socket.once('close', () => {
            this.#others.delete(socket);
            this.#leave(socket);
        });
        this.#timer ??= setInterval(() => this.#look(), this.#ports.arrival / 2).unref();
    }
    /** A request's header is there. False: its sender does not read what it asks for. */
    began(request, response) {
        const { socket } = request;
        const connection = this.#all.get(socket);
        if (connection === undefined || connection.requests >= mostUnread)
            return false;
        connection.requests += 1;
        connection.request = request;
        connection.since = performance.now();
        connection.noticed = undefined;
        response.once('close', () => {
            connection.requests -= 1;
            connection.taken = socket.bytesRead;
            connection.since = performance.now();
        });
        return true;
    }
    upgraded(socket) {
        this.#leave(socket);
        if (!socket.destroyed)
            this.#others.add(socket);
    }
    /** Resolves when none is left. */
    async closed() {
        const left = [...this.#all.keys(), ...this.#others];
        await Promise.all(left.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    }
    #leave(socket) {
        this.#all.delete(socket);
    }
    #look() {
        if (this.#all.size === 0) {
            clearInterval(this.#timer);
            this.#timer = undefined;
        }
        const now = performance.now();
        for (const [socket, connection] of this.#all) {
            if (!this.#isLate(socket, connection, now))
                continue;
            this.#leave(socket);
            this.#others.add(socket);
            this.#ports.isLate(socket);
        }
    }
    #isLate(socket, connection, now) {
        const { requests, request, taken, since } = connection;
        const { arrival, idle } = this.#ports;
        if (requests > 0)
            return request?.complete !== true && now - since >= arrival;
        if (taken === 0)
            return now - since >= arrival;
        if (socket.bytesRead === taken)
            return now - since >= idle;
        connection.noticed ??= now;
        return now - connection.noticed >= arrival;
    }
}
