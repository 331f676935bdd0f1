import { Failure } from '../core/failures.ts';
import type { TomlDocument } from './toml.ts';
type Path = readonly (string | number)[];
export interface Complaint {
    readonly path: Path;
    readonly text: string;
}
/** What is wrong with the value of a document. */
export declare function validate(value: unknown): Promise<readonly Complaint[]>;
/** config_invalid, with a line for each complaint. */
export declare function complain(document: TomlDocument, file: string, complaints: readonly Complaint[]): Failure;
export {};
