import { type Plan } from './change.ts';
import { type Surroundings } from './surroundings.ts';
export declare function claude(surroundings: Surroundings): Plan;
export declare function codex(surroundings: Surroundings): Promise<Plan>;
