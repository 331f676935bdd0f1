import { type Place } from '../core/place.ts';
import type { Clock, RecordStore } from '../core/ports.ts';
import { type StaticSecret } from '../core/secret.ts';
import type { SecretStatus } from '../wire/messages.ts';
import type { EventHub } from './events.ts';
export interface SecretsPorts {
    readonly clock: Clock;
    readonly records: RecordStore;
    readonly events: EventHub;
}
export type NewSecret = Omit<StaticSecret, 'createdAt'>;
export declare class Secrets {
    #private;
    constructor(ports: SecretsPorts);
    /** All that can be read, by name; what is damaged is said once. Fails with vault_locked, keychain_*. */
    all(): Promise<readonly StaticSecret[]>;
    get(name: string): Promise<StaticSecret | undefined>;
    /** The one that says most about the place; one that has expired gives way to one that has not. */
    find(place: Place): Promise<StaticSecret | undefined>;
    /** Durable when it resolves; what has the name is replaced. The vault must have been prepared. */
    put(secret: NewSecret): Promise<void>;
    /** What a tool stores for a place: takes the place of what was stored there for the same user. Gives the name. */
    store(place: Place, value: StaticSecret['value'], expiresAt: number | undefined): Promise<string>;
    /** Throws not_found. */
    remove(name: string): Promise<void>;
    /** What a tool stored for exactly this place goes when the tool says so; with a value, only if it is that one. Gives the names. */
    forget(place: Place, value: string | undefined): Promise<readonly string[]>;
    /** Speaks of those that end soon, once each, and looks again in time. */
    watch(): Promise<void>;
    /** Sentences for the status. */
    warnings(): Promise<readonly string[]>;
    stop(): void;
}
/** For display. */
export declare function secretStatus(secret: StaticSecret): SecretStatus;
