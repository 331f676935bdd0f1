import { Failure } from '../core/failures.ts';
import type { HelperPorts } from '../helpers/ports.ts';
export interface HelperOutcome {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
    /** For the log: a defect, not what a tool did wrong. */
    readonly defect?: Failure;
}
interface Surroundings {
    readonly ports: HelperPorts;
    /** For callers that are no tool: a failure is thrown, not put into a tool's words. */
    readonly throws: boolean;
    /** Whether config.toml lets tools start a login. */
    readonly mayLogIn: () => Promise<boolean>;
}
export declare function callHelper(name: string, body: Buffer, { ports, throws, mayLogIn }: Surroundings): Promise<HelperOutcome>;
export {};
