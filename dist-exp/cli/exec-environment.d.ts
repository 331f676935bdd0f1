import { Failure } from '../core/failures.ts';
import type { ServiceName } from './serve.ts';
export declare const ownCredentials: Readonly<Record<ServiceName, readonly string[]>>;
/** Undefined: nothing stands in the way. */
export declare function comesFirst(services: readonly ServiceName[], env: NodeJS.ProcessEnv): Failure | undefined;
