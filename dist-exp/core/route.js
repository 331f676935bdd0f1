// A route leads a place to a profile's session or to a static secret. config/ reads them from config.toml.
import { bySpecificity, covers } from './place.js';
/** Why a place gets what it gets: the routes that cover it, the winner first, and those of its host that do not. */
export function explainRoutes(place, routes) {
    const matching = routes.filter((route) => covers(route.place, place)).sort((a, b) => bySpecificity(a.place, b.place));
    const others = routes.filter((route) => route.place.host === place.host && !matching.includes(route));
    return { matching, others };
}
