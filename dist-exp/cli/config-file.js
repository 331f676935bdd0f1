// config.toml, for the commands that read or change it; loaded only by those.
import { ConfigFile } from '../config/config.js';
export { toProfile } from '../config/config.js';
export { addProfile, removeProfile } from '../config/edit.js';
export { addRoute, removeRoute } from '../config/edit-routes.js';
export { addRule, removeRule } from '../config/edit-rules.js';
/** Throws config_invalid. */
export const readConfigFile = (path) => new ConfigFile(path).read();
