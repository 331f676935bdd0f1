// Who asks: the process at the other end of a connection, as far as it can be told. The uid is what the kernel vouches for; the
// rest is advice, since a process can exec after it has connected. What cannot be told is absent, and that is a value too.
import { plain, plainName } from './plain.js';
/** Who cannot be looked at. */
export const unknownCaller = { parents: [], isKnown: false };
/** A chain of parents is seldom longer, and a loop never ends. */
export const mostParents = 16;
/**
 * The parents of a process of Windows, the nearest first. There a child keeps the pid of a parent that has ended, and the pid is soon
 * another's: who is younger than its child is no parent.
 */
export function ancestors(child, find) {
    const parents = [];
    for (let at = child; parents.length < mostParents;) {
        const parent = at.parent === 0 ? undefined : find(at.parent);
        if (parent === undefined || parent.created > at.created || parent.pid === at.pid)
            break;
        parents.push({ pid: parent.pid, ...(parent.executable === undefined ? {} : { executable: parent.executable }) });
        at = parent;
    }
    return parents;
}
/** Whether it is one of Windows, where the case of letters does not count. */
export const isWindowsPath = (path) => /^([A-Za-z]:)?\\/.test(path);
/** Of a program: what is asked for must stay in sight. */
const longestName = 48;
const nameOf = (path) => path.slice(path.lastIndexOf(isWindowsPath(path) ? '\\' : '/') + 1);
/** For people: `git-remote-https (pid 123) of make, in container 0123456789ab, by share devbox`. */
export function callerText({ caller, door }) {
    const { executable, pid, parents, container } = caller;
    const program = executable === undefined ? 'an unknown program' : plainName(plain(nameOf(executable), longestName));
    const number = pid === undefined ? '' : ` (pid ${pid})`;
    const parent = parents.find((each) => each.executable !== undefined && each.executable !== executable)?.executable;
    const of = parent === undefined ? '' : ` of ${plainName(plain(nameOf(parent), longestName))}`;
    const where = container === undefined ? '' : `, in container${container.id === undefined ? '' : ` ${container.id.slice(0, 12)}`}`;
    const way = door.kind === 'main' ? '' : `, by share ${door.share}${door.transport === 'tcp' ? ' over TCP' : ''}`;
    return `${program}${number}${of}${where}${way}`;
}
