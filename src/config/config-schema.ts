// protocol/config.schema.json, for what checks config.toml and for its man page. A module of its own: it is loaded only when it is needed.

import schema from '../../protocol/config.schema.json' with { type: 'json' }

export const configSchema = schema
