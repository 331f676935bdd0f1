import { Failure } from '../core/failures.ts';
import type { Problem } from './messages.ts';
export declare const problemType = "application/problem+json";
export declare function encodeProblem(failure: Failure): Problem;
/** The Failure that a problem document speaks of. A code from a newer agent becomes `unexpected` and keeps its text. */
export declare function decodeProblem(json: unknown): Failure;
