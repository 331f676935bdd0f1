import type { Helper } from './ports.ts';
export declare const terraform: Helper;
