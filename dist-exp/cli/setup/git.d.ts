import { type Plan } from './change.ts';
import { type Surroundings } from './surroundings.ts';
export declare function git(surroundings: Surroundings): Plan;
