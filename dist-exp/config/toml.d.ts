import type { AST } from 'toml-eslint-parser';
interface Position {
    readonly line: number;
    /** From 1. */
    readonly column: number;
}
export interface TomlDocument {
    readonly text: string;
    readonly ast: AST.TOMLProgram;
    readonly value: unknown;
    /** Of the key (or table, or element) at this path; of the nearest one above it where there is none. */
    readonly positionOf: (path: readonly (string | number)[]) => Position;
}
/** Undefined where it is not TOML: parseToml then says why. */
export declare function tomlValue(text: string): Promise<unknown>;
/** Throws config_invalid. */
export declare function parseToml(text: string, file: string): Promise<TomlDocument>;
export {};
