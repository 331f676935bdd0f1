import type { Paths } from '../platform/paths.ts';
/** Resolves when `isThere` does. Throws agent_unreachable with what the agent said. */
export declare function startAgent(paths: Paths, env: NodeJS.ProcessEnv, isThere: () => Promise<boolean>): Promise<void>;
/** dist/bin, which `npm run build` fills. */
export declare const helperPrograms: string;
/** Of a package that has one for this platform. */
export declare const nativeClient: string;
/** src/main.ts or dist/main.js, whichever this module belongs to. */
export declare function program(): string;
