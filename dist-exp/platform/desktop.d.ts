/** Environments in which a desktop may be shown something, the likeliest first; none where there is no desktop. */
export declare function desktops(env?: NodeJS.ProcessEnv): AsyncIterable<NodeJS.ProcessEnv>;
export declare function isOnPath(name: string, env: NodeJS.ProcessEnv): boolean;
