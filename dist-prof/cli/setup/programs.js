// Where the programs are that tools start: dist/bin of a clone, a folder on the PATH, or else one of the user's own, which is
// filled with links to the thin client for this platform, or to its twin where the package has none.
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { helperPrograms, mainProgram, nativeClient } from '../../client/local.js';
import { helpers } from '../../wire/helper-table.js';
const isWindows = process.platform === 'win32';
const client = isWindows ? 'authsock-client.cmd' : 'authsock-client';
/** Where they are; undefined where they have not been made. */
export function findPrograms(env, home) {
    const folders = [helperPrograms, ...(env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))];
    return [...folders, ownFolder(env, home)].find((folder) => existsSync(join(folder, client)));
}
function ownFolder(env, home) {
    const data = isWindows ? env['LOCALAPPDATA'] : (env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'));
    return join(data ?? home, 'authsock', 'bin');
}
export function programsFolder(env, home) {
    const found = findPrograms(env, home);
    if (found !== undefined)
        return found;
    const own = ownFolder(env, home);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    for (const name of ['authsock-client', ...new Set(helpers.flatMap(({ programs }) => programs))])
        link(own, name);
    return own;
}
function link(folder, name) {
    const path = join(folder, isWindows ? `${name}.cmd` : name);
    if (existsSync(path))
        return;
    const native = existsSync(nativeClient);
    if (isWindows) {
        const start = native ? `@"${nativeClient}"` : `@"${process.execPath}" "${mainProgram()}"`;
        writeFileSync(path, `${start} --as ${name} %*\r\n`);
    }
    else if (native)
        symlinkSync(nativeClient, path);
    else {
        // Whatever `node` is on the PATH of a tool may be another one.
        writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${mainProgram()}' --as ${name} "$@"\n`);
        chmodSync(path, 0o755);
    }
}
