import type { Clock, ConnectAuthorizationServer } from '../core/ports.ts';
export declare const connectBy: (clock: Clock, patience?: number) => ConnectAuthorizationServer;
