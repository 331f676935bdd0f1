import type { Context } from './context.ts';
export interface AuditOptions {
    readonly profile?: string;
    readonly caller?: string;
    readonly container?: string;
    readonly share?: string;
    readonly event?: string;
    readonly since?: string;
    readonly until?: string;
    readonly follow?: boolean;
}
export declare function audit(context: Context, options: AuditOptions): Promise<void>;
export declare function auditVerify(context: Context, { head: expected }: {
    readonly head?: string;
}): Promise<void>;
