export declare function main(args: readonly string[]): Promise<number>;
