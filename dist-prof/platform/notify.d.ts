export declare function notify(command: readonly string[] | undefined, title: string, text: string): Promise<void>;
