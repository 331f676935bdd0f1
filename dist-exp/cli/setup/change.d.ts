export type Change = {
    readonly kind: 'file';
    readonly path: string;
    readonly before: string | undefined;
    readonly after: string;
} | {
    readonly kind: 'link';
    readonly path: string;
    readonly to: string;
};
/** What was done: of a file, the lines that came and those they took the place of. */
export type Done = {
    readonly kind: 'file';
    readonly path: string;
    /** The lines in front of it. */
    readonly above: string;
    readonly removed: string;
    readonly added: string;
    readonly created: boolean;
} | {
    readonly kind: 'link';
    readonly path: string;
    readonly to: string;
};
export interface Plan {
    readonly changes: readonly Change[];
    /** What the user should know or do besides. */
    readonly notes: readonly string[];
}
/** Undefined where there is none. Throws storage_failed. */
export declare function readText(path: string): string | undefined;
export declare const fileChange: (path: string, edit: (text: string) => string) => readonly Change[];
/** None where the link is there already. Throws bad_request where something else is. */
export declare function linkChange(path: string, to: string): readonly Change[];
/** The lines that differ, as `diff` would show them. */
export declare function changeLines(change: Change): readonly string[];
/** What undoing would take and give back, in the same form. */
export declare function undoLines(done: Done): readonly string[];
export declare function apply(change: Change): Done;
/** Gives why it could not be undone; undefined where it was, or where nothing of it is left. */
export declare function undo(done: Done): string | undefined;
