// A tool that asks the agent, by the client library.

import { connect } from '../../src/client/index.ts'
import { askRepeatedly } from './report.ts'

const agent = await connect({ start: false })
await askRepeatedly(async () => (await agent.token({ profile: 'work' })).access_token)
agent.close()
