// config.toml, for the commands that read or change it; loaded only by those.

import { type Config } from '../config/config.ts'
import { ConfigFile } from '../config/config-file.ts'

export { toProfile } from '../config/profile-table.ts'
export { addProfile, removeProfile } from '../config/edit-profiles.ts'
export { addRoute, removeRoute } from '../config/edit-routes.ts'
export { addRule, removeRule } from '../config/edit-rules.ts'
export type { RuleTable } from '../config/rules.ts'

/** Throws config_invalid. */
export const readConfigFile = (path: string): Promise<Config> => new ConfigFile(path).read()
