import { type Plan } from './change.ts';
import { type Surroundings } from './surroundings.ts';
export declare function cargo(surroundings: Surroundings): Promise<Plan>;
export declare function pip(surroundings: Surroundings): Plan;
export declare function go(surroundings: Surroundings): Plan;
export declare function pnpm(surroundings: Surroundings): Plan;
export declare function bazel(surroundings: Surroundings): Plan;
