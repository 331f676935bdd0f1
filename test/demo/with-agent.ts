// A tool that asks the agent, by the client library.

import type * as library from '../../src/client/index.ts'
import { askRepeatedly } from './report.ts'

const { connect } = (await import(process.env['DEMO_LIBRARY'] ?? '')) as typeof library
const agent = await connect({ start: false })
await askRepeatedly(async () => (await agent.token({ profile: 'work' })).access_token)
agent.close()
