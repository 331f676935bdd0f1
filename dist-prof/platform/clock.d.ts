import type { Clock } from '../core/ports.ts';
export declare const systemClock: Clock;
