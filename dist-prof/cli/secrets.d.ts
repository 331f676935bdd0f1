import type { Context } from './context.ts';
export interface SecretOptions {
    readonly clientSecretStdin?: boolean;
    readonly clientSecretFile?: string;
}
/** Whether the user has named a source; the environment is none, since it may be meant for another profile. */
export declare const givesSecret: ({ clientSecretStdin, clientSecretFile }: SecretOptions) => boolean;
/** Undefined where none was given and nobody can be asked. */
export declare function clientSecret(context: Context, options: SecretOptions, prompt: string | undefined): Promise<string | undefined>;
/** A static secret: from stdin, a file, or a prompt that does not show it. */
export declare function staticSecret(context: Context, { stdin, file }: {
    readonly stdin?: boolean;
    readonly file?: string;
}, prompt: string): Promise<string>;
/** A passphrase that opens the vault. */
export declare function passphrase(context: Context, fromStdin: boolean): Promise<string | undefined>;
/** A new one: asked for twice. */
export declare function newPassphrase(context: Context, fromStdin: boolean): Promise<string>;
