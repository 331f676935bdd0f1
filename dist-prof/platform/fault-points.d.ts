/** Told what is about to happen or has happened. */
export type FaultPoint = (place: string) => void;
/**
 * `AUTHSOCK_FAULT_POINT=N` kills the process, as kill -9 does, at the Nth place from the first refresh on, and says on stderr
 * which one it was.
 */
export declare function faultPoint(env: NodeJS.ProcessEnv): FaultPoint | undefined;
/** Each call of a method of `target` becomes two places. */
export declare function withFaultPoints<T extends object>(target: T, methods: readonly (keyof T & string)[], at: FaultPoint): T;
