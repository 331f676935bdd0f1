// Text in, text out, for the forms that tools keep their configuration in; what is not concerned stays to the byte, but for
// JSON, which has no comments to lose.
import { Failure } from '../../core/failures.js';
/** Sets a value below a path of keys. Throws bad_request where the text is not a JSON object. */
export function setJson(text, path, value, file) {
    const root = text.trim() === '' ? {} : parseObject(text, file);
    let at = root;
    for (const key of path.slice(0, -1)) {
        const inner = at[key];
        at[key] = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
        at = at[key];
    }
    at[path.at(-1) ?? ''] = value;
    const indent = /\n([\t ]+)"/.exec(text)?.[1] ?? '\t';
    return `${JSON.stringify(root, undefined, indent)}${text === '' || text.endsWith('\n') ? '\n' : ''}`;
}
function parseObject(text, file) {
    try {
        const json = JSON.parse(text);
        if (typeof json === 'object' && json !== null && !Array.isArray(json))
            return json;
    }
    catch {
        // Said below.
    }
    throw new Failure('bad_request', `${file} is not a JSON object`, { hint: 'mend it; nothing was changed' });
}
/** `key = value` below `[section]`; without one, before any section. */
export function setIni(text, section, key, value, equals = ' = ') {
    if (text.includes('\r\n')) {
        return setIni(text.replaceAll('\r\n', '\n'), section, key, value, equals).replaceAll('\n', '\r\n');
    }
    const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
    // Of a section that is there twice the last counts.
    const start = section === undefined ? -1 : lines.findLastIndex((line) => headerOf(line) === section);
    const line = `${key}${equals}${value}`;
    if (section !== undefined && start < 0) {
        const gap = lines.length === 0 ? [] : [''];
        return [...lines, ...gap, `[${section}]`, line, ''].join('\n');
    }
    const next = lines.findIndex((each, index) => index > start && headerOf(each) !== undefined);
    const end = next < 0 ? lines.length : next;
    const known = lines.findIndex((each, index) => index > start && index < end && keyOf(each) === key);
    if (known >= 0)
        return [...lines.with(known, line), ''].join('\n');
    let at = end;
    while (at > start + 1 && lines[at - 1]?.trim() === '')
        at--;
    return [...lines.toSpliced(at, 0, line), ''].join('\n');
}
/** Without the comment behind it, and the quotes and blanks that AWS allows in it. */
const headerOf = (line) => /^\s*\[([^\]]*)\]\s*([#;].*)?$/.exec(line)?.[1]?.replaceAll('"', '').trim().replaceAll(/\s+/g, ' ');
const keyOf = (line) => (/^\s*[#;]/.test(line) ? undefined : /^\s*(.*?)\s*=/.exec(line)?.[1]);
/** A line that is there once, however often it is added. */
export function addLine(text, line) {
    if (text.split('\n').includes(line))
        return text;
    return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${line}\n`;
}
/** `key = value` (already written as TOML) below `[table]`. Throws config_invalid where the file is not TOML. */
export async function setToml(text, table, key, value, file) {
    const { parseToml } = await import('../../config/toml.js');
    const { ast } = await parseToml(text, file);
    const top = ast.body[0].body;
    const header = top.find((node) => node.type === 'TOMLTable' && node.resolvedKey.join('\u0000') === table.join('\u0000'));
    if (header?.type !== 'TOMLTable') {
        const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
        const after = `${text}${gap}[${table.map(bareOrQuoted).join('.')}]\n${key} = ${value}\n`;
        // The same table may be written in another way, which this would repeat.
        await parseToml(after, file);
        return after;
    }
    const pair = header.body.find((each) => each.key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value)).join('.') === key);
    if (pair !== undefined)
        return text.slice(0, pair.value.range[0]) + value + text.slice(pair.value.range[1]);
    const end = (header.body.at(-1) ?? header.key).range[1];
    const line = text.indexOf('\n', end);
    const at = line < 0 ? text.length : line + 1;
    return `${text.slice(0, at)}${line < 0 ? '\n' : ''}${key} = ${value}\n${text.slice(at)}`;
}
const bareOrQuoted = (key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key));
