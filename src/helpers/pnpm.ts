// pnpm's tokenHelper. pnpm allows no arguments and passes no URL, so the profile is part of the link's name (pnpm-authsock-PROFILE).
// The output is the complete value of the Authorization header.

import { authorization, options } from './format.ts'
import type { Helper } from './ports.ts'

export const pnpm: Helper = {
  async run({ args }, ports) {
    const { name, target, minTtl } = options(args)
    return { stdout: `${authorization(await ports.named(name, target, minTtl))}\n` }
  },
}
