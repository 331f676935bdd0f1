export declare const formats: readonly ['docker', 'compose', 'devcontainer', 'kubernetes'];
export type FragmentFormat = (typeof formats)[number];
export interface TcpAddress {
    readonly host: string;
    readonly port: number;
}
interface Shared {
    readonly name: string;
    readonly folder: string;
    /** Our programs, where they are to be mounted too. */
    readonly programs?: string;
    /** In place of the socket. */
    readonly address?: TcpAddress;
}
export declare function fragment(format: FragmentFormat, { name, folder, programs, address }: Shared): string;
export {};
