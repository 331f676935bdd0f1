interface Named {
    readonly name: string;
    readonly args: readonly string[];
}
/** What this program was started as: by the name of a link, or as a command file says with `--as NAME`. */
export declare function startedAs(argv: readonly string[]): Named;
/** Undefined where no helper is meant; else the exit code. */
export declare function helperMain({ name, args }: Named, env?: NodeJS.ProcessEnv): Promise<number | undefined>;
export {};
