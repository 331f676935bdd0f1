import type { Route } from '../core/route.ts';
import type { Complaint } from './validate.ts';
/** A route as the file writes it. */
export interface RouteTable {
    readonly url: string;
    readonly profile?: string;
    readonly secret?: string;
    readonly username?: string;
    readonly scopes?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
}
export declare function checkRoutes(routes: readonly RouteTable[], profiles: readonly string[]): readonly Complaint[];
/** Of a table that was checked. */
export declare function toRoute(table: RouteTable): Route;
