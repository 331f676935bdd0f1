export interface Style {
    readonly bold: (text: string) => string;
    readonly dim: (text: string) => string;
    readonly good: (text: string) => string;
    readonly warn: (text: string) => string;
    readonly bad: (text: string) => string;
}
export declare class Terminal {
    #private;
    constructor(out?: NodeJS.WriteStream, err?: NodeJS.WriteStream, env?: NodeJS.ProcessEnv);
    get isInteractive(): boolean;
    get outputIsTerminal(): boolean;
    /** Columns of stdout. */
    get width(): number;
    get rows(): number;
    get style(): Style;
    /** Of what `say` writes. */
    get asideStyle(): Style;
    /** A result. */
    print(text: string): void;
    /** As it is: cursor movements. */
    printRaw(text: string): void;
    json(value: unknown): void;
    /** Something about a result, for people. */
    say(text: string): void;
    /** One line that the next one replaces; nothing where stderr is no terminal. */
    progress(text: string): void;
    note(text: string): void;
    hint(text: string): void;
    /** With `asJson`, a problem document (RFC 9457) on one line. */
    failure(error: unknown, asJson: boolean): void;
    /** Done with a progress line. */
    endProgress(): void;
}
