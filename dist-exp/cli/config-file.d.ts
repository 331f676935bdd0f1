import { type Config } from '../config/config.ts';
export { toProfile } from '../config/config.ts';
export { addProfile, removeProfile } from '../config/edit.ts';
export { addRoute, removeRoute } from '../config/edit-routes.ts';
export { addRule, removeRule } from '../config/edit-rules.ts';
export type { RuleTable } from '../config/rules.ts';
/** Throws config_invalid. */
export declare const readConfigFile: (path: string) => Promise<Config>;
