type Environment = Readonly<Record<string, string | undefined>>;
/** False where there is no browser to be had here: the user is then shown the URL. Never throws. */
export declare function openBrowser(url: string, env?: Environment, platform?: NodeJS.Platform): Promise<boolean>;
export {};
