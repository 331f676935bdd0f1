// The audit's records: what was given to whom, and what was refused, a JSON line each, bound to the line before by its hash. No
// token is in it. Pure: agent/audit-log.ts keeps the files.
/** Characters of a text that others chose: a line is for people, and a flood of long ones would push the others out. */
const longestText = 300;
/** What stands in front of the first line of all. */
export const firstHash = '0'.repeat(64);
/** `prev`: the hash of the line before. Names on the wire are snake_case; instants are ms, for many share a second. */
export function auditLine(entry, seq, prev) {
    const { caller, door, target, expiresAt, reason, ...rest } = entry;
    const line = escaped({
        seq,
        ...rest,
        ...(reason === undefined ? {} : { reason: clipped(reason) }),
        ...(target?.scope === undefined ? {} : { scope: clipped(target.scope.join(' ')) }),
        ...(target?.resource === undefined ? {} : { resource: clipped(target.resource) }),
        ...(target?.audience === undefined ? {} : { audience: clipped(target.audience) }),
        ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
        ...(door?.kind === 'share' ? { share: door.share } : {}),
        ...(door?.kind === 'share' && door.transport !== undefined ? { transport: door.transport } : {}),
    });
    const by = caller === undefined ? '' : `,"caller":${callerJson(caller)}`;
    return `${line.slice(0, -1)}${by},"prev":"${prev}"}`;
}
/** One connection may ask for much. */
const callers = new WeakMap();
function callerJson(caller) {
    const known = callers.get(caller);
    if (known !== undefined)
        return known;
    const json = escaped(callerFields(caller));
    callers.set(caller, json);
    return json;
}
function callerFields({ uid, sid, pid, executable, parents, container, terminal, isKnown }) {
    return {
        ...(uid === undefined ? {} : { uid }),
        ...(sid === undefined ? {} : { sid }),
        ...(pid === undefined ? {} : { pid }),
        executable: executable === undefined ? 'unknown' : clippedPath(executable),
        ...(parents.length === 0
            ? {}
            : { parents: parents.map((each) => (each.executable === undefined ? `pid ${each.pid}` : clippedPath(each.executable))) }),
        container: container === undefined ? (isKnown ? 'none' : 'unknown') : (container.id ?? 'unknown id'),
        ...(terminal === undefined ? {} : { terminal }),
    };
}
const clipped = (text) => (text.length <= longestText ? text : `${text.slice(0, longestText)}…`);
/** The end says what it is. */
const clippedPath = (path) => (path.length <= longestText ? path : `…${path.slice(-longestText)}`);
/** JSON leaves some characters as they are that end lines, move cursors or hide text where the file is looked at. */
function escaped(value) {
    const json = JSON.stringify(value);
    if (!/[^ -~]/.test(json))
        return json;
    return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}
/** Undefined where a line is none: cut by a crash, or written by somebody else. */
export function parseAuditLine(line) {
    try {
        const json = JSON.parse(line);
        return typeof json === 'object' && json !== null && Number.isInteger(json.seq) && typeof json.prev === 'string'
            ? json
            : undefined;
    }
    catch {
        return undefined;
    }
}
export function isWanted(record, filter) {
    const { profile, caller, container, share, event, since, until } = filter;
    return ((profile === undefined || record.profile === profile) &&
        (share === undefined || record.share === share) &&
        (event === undefined || record.event === event) &&
        (since === undefined || record.at >= since) &&
        (until === undefined || record.at <= until) &&
        (caller === undefined || record.caller?.executable?.includes(caller) === true) &&
        (container === undefined || record.caller?.container?.startsWith(container) === true));
}
