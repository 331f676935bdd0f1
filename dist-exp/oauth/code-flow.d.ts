import type { LoginOptions, TokenResponse } from '../core/ports.ts';
import { type Connection } from './connection.ts';
export declare function codeFlow(connection: Connection, options: LoginOptions): Promise<TokenResponse>;
