// The version of this program, as package.json has it; the bundler inlines it.

import packageJson from '../../package.json' with { type: 'json' }

export const version: string = packageJson.version
