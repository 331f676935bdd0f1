/** Where they are; undefined where they have not been made. */
export declare function findPrograms(env: NodeJS.ProcessEnv, home: string): string | undefined;
export declare function programsFolder(env: NodeJS.ProcessEnv, home: string): string;
