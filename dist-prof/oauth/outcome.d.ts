import { Failure } from '../core/failures.ts';
import type { TokenRefusal } from '../core/ports.ts';
import type { Trace } from './exchange.ts';
/** Of a token request that gave no tokens. `error` is what was thrown. */
export declare function refusalOf(error: unknown, trace: Trace): TokenRefusal;
/** Of any other request. */
export declare function failureOf(error: unknown, trace: Trace): Failure;
export declare const printable: (text: string) => string;
