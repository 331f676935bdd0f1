/** Sets a value below a path of keys. Throws bad_request where the text is not a JSON object. */
export declare function setJson(text: string, path: readonly string[], value: unknown, file: string): string;
/** `key = value` below `[section]`; without one, before any section. */
export declare function setIni(text: string, section: string | undefined, key: string, value: string, equals?: string): string;
/** A line that is there once, however often it is added. */
export declare function addLine(text: string, line: string): string;
/** `key = value` (already written as TOML) below `[table]`. Throws config_invalid where the file is not TOML. */
export declare function setToml(text: string, table: readonly string[], key: string, value: string, file: string): Promise<string>;
