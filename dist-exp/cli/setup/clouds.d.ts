import { type Plan } from './change.ts';
import { type Surroundings } from './surroundings.ts';
export declare function docker(surroundings: Surroundings): Plan;
export declare function kubectl(surroundings: Surroundings): Promise<Plan>;
export declare function aws(surroundings: Surroundings): Plan;
export declare function terraform(surroundings: Surroundings): Plan;
