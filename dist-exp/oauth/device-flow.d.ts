import type { LoginOptions, TokenResponse } from '../core/ports.ts';
import { type Connection } from './connection.ts';
export declare function deviceFlow(connection: Connection, { onProgress, signal }: LoginOptions): Promise<TokenResponse>;
