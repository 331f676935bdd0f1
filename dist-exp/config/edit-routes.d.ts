import { type RouteTable } from './routes.ts';
/** Appends `[[route]]`. Throws bad_request, also for a place that has a route already; config_invalid. */
export declare function addRoute(path: string, table: RouteTable): Promise<void>;
/** Takes out the route of this place (and user name, if there is one in it). Throws not_found, config_invalid. */
export declare function removeRoute(path: string, url: string, username: string | undefined): Promise<void>;
