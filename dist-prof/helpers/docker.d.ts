import type { Helper } from './ports.ts';
export declare const docker: Helper;
