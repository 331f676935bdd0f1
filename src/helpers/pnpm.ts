// pnpm's tokenHelper: no arguments are allowed and no URL comes, so the name of the link says the profile. The whole value of
// the Authorization header is wanted.

import { authorization, options } from './format.ts'
import type { Helper } from './ports.ts'

export const pnpm: Helper = {
  async run({ args }, ports) {
    const { name, target, minTtl } = options(args)
    return { stdout: `${authorization(await ports.named(name, target, minTtl))}\n` }
  },
}
