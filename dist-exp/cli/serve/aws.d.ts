import { type Service } from './server.ts';
import type { Sources } from './sources.ts';
/** `args`: of the helper. */
export declare function awsService({ helper }: Sources, args: readonly string[]): Service;
