// TOML: what a document says, fast; and, for errors and edits, where in the text it says it. config.ts and edit.ts use it.
import { Failure } from '../core/failures.js';
/** Undefined where it is not TOML: parseToml then says why. */
export async function tomlValue(text) {
    const { parse } = await import('smol-toml');
    try {
        return parse(text);
    }
    catch {
        return undefined;
    }
}
/** Throws config_invalid. */
export async function parseToml(text, file) {
    const { getStaticTOMLValue, parseTOML } = await import('toml-eslint-parser');
    try {
        const ast = parseTOML(text, { tomlVersion: '1.0' });
        let positions;
        return {
            text,
            ast,
            value: getStaticTOMLValue(ast),
            positionOf: (path) => nearest((positions ??= collectPositions(ast)), path),
        };
    }
    catch (error) {
        const { lineNumber, column, message } = error;
        if (lineNumber === undefined)
            throw error;
        throw new Failure('config_invalid', `${file}:${lineNumber}:${(column ?? 0) + 1}: ${message}`);
    }
}
const keyOf = (path) => JSON.stringify(path.map(String));
function nearest(positions, path) {
    for (let length = path.length; length > 0; length--) {
        const position = positions.get(keyOf(path.slice(0, length)));
        if (position !== undefined)
            return position;
    }
    return { line: 1, column: 1 };
}
function collectPositions(ast) {
    const positions = new Map();
    const note = (path, node) => {
        const key = keyOf(path);
        if (!positions.has(key))
            positions.set(key, { line: node.loc.start.line, column: node.loc.start.column + 1 });
    };
    const names = (key) => key.keys.map((each) => (each.type === 'TOMLBare' ? each.name : each.value));
    function keyValues(pairs, above) {
        for (const pair of pairs) {
            const path = [...above, ...names(pair.key)];
            for (let length = above.length + 1; length <= path.length; length++) {
                note(path.slice(0, length), pair.key.keys[length - above.length - 1] ?? pair.key);
            }
            content(pair.value, path);
        }
    }
    function content(node, path) {
        if (node.type === 'TOMLInlineTable')
            keyValues(node.body, path);
        if (node.type !== 'TOMLArray')
            return;
        for (const [index, element] of node.elements.entries()) {
            note([...path, index], element);
            content(element, [...path, index]);
        }
    }
    for (const node of ast.body[0].body) {
        if (node.type === 'TOMLKeyValue')
            keyValues([node], []);
        else {
            for (let length = 1; length <= node.resolvedKey.length; length++)
                note(node.resolvedKey.slice(0, length), node.key);
            keyValues(node.body, node.resolvedKey);
        }
    }
    return positions;
}
