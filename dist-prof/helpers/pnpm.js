// pnpm's tokenHelper: no arguments are allowed and no URL comes, so the name of the link says the profile. The whole value of
// the Authorization header is wanted.
import { authorization, options } from './print.js';
export const pnpm = {
    async run({ args }, ports) {
        const { name, target, minTtl } = options(args);
        return { stdout: `${authorization(await ports.named(name, target, minTtl))}\n` };
    },
};
