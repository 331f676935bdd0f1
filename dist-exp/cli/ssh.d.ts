import type { Context } from './context.ts';
export interface SshOptions {
    readonly share: string;
}
/** `authsock ssh --share NAME -- [ssh options] user@host [command...]` */
export declare function ssh(context: Context, { share: name }: SshOptions): Promise<void>;
