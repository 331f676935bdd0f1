import { type Place } from './place.ts';
import type { Target } from './session.ts';
export interface Route {
    readonly place: Place;
    readonly to: {
        readonly kind: 'profile';
        readonly profile: string;
        readonly target: Target;
    } | {
        readonly kind: 'secret';
        readonly secret: string;
    };
    /** What tools are told as the user name. */
    readonly username?: string;
}
/** Why a place gets what it gets: the routes that cover it, the winner first, and those of its host that do not. */
export declare function explainRoutes(place: Place, routes: readonly Route[]): {
    matching: Route[];
    others: Route[];
};
