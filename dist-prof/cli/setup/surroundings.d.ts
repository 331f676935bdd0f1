import { type Place } from '../../core/place.ts';
import type { Route } from '../../core/route.ts';
import { type Plan } from './change.ts';
export interface SetupOptions {
    readonly profile?: string;
    readonly roleArn?: string;
    readonly region?: string;
    readonly idToken?: boolean;
}
export interface Surroundings {
    readonly env: NodeJS.ProcessEnv;
    readonly home: string;
    /** Where git-credential-authsock and the others are. */
    readonly programs: string;
    readonly routes: readonly Route[];
    /** The names of those in config.toml. */
    readonly profiles: ReadonlySet<string>;
    /** Hosts, registries, names: what the user typed. */
    readonly targets: readonly string[];
    readonly options: SetupOptions;
}
export interface Tool {
    readonly name: string;
    readonly about: string;
    plan(surroundings: Surroundings): Plan | Promise<Plan>;
}
export declare const isWeb: ({ scheme, host }: Place) => boolean;
/** The places that were named, or else all that routes lead to. */
export declare function placesOf({ targets, routes }: Surroundings): readonly Place[];
export declare function profileOf({ options, routes }: Surroundings, what: string): string;
export declare function program({ programs }: Surroundings, name: string): string;
/** A link in a folder of the user's, where a program has to be found on the PATH and is not. */
export declare function onPath(surroundings: Surroundings, name: string): Plan;
/** Of a store that is no longer asked. */
export declare const letGo: (store: string, tool: string) => string;
export declare const quoted: (text: string) => string;
