export type LogLevel = 'quiet' | 'info' | 'debug';
export declare class Log {
    #private;
    constructor(level: LogLevel);
    /** Always shown. */
    error(text: string): void;
    info(text: string): void;
    debug(text: string): void;
}
