// Routes added and removed by the program; everything else in config.toml is kept to the byte.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { readConfig } from './config.ts'
import { cut, edit, pairs, wholeTable } from './edit.ts'
import { checkRoutes, type RouteTable, toRoute } from './routes.ts'
import { parseToml } from './toml.ts'

/** Appends `[[route]]`. Throws bad_request, also for a place that has a route already; config_invalid. */
export async function addRoute(path: string, table: RouteTable): Promise<void> {
  await edit(path, async (text) => {
    const { profiles } = await readConfig(text, path)
    const { route: tables = [] } = (await parseToml(text, path)).value as { readonly route?: readonly RouteTable[] }
    const [complaint] = checkRoutes([table], [...profiles.keys()])
    if (complaint !== undefined) {
      throw new Failure('bad_request', complaint.text, {
        hint: '`authsock route list` and `authsock profile list` show what there is',
      })
    }
    const key = formatUrlPattern(toRoute(table).pattern)
    if (tables.some((each) => formatUrlPattern(toRoute(each).pattern) === key)) {
      throw new Failure('bad_request', `${key} has a route already`, {
        hint: `\`authsock route list\` shows it, and \`authsock route remove ${key}\` makes room`,
      })
    }
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const gap = text === '' ? '' : text.endsWith('\n') ? newline : newline + newline
    return text + gap + ['[[route]]', ...pairs(table)].join(newline) + newline
  })
}

/** Takes out the route of this place (and user name, if there is one in it). Throws not_found, config_invalid. */
export async function removeRoute(path: string, url: string, username: string | undefined): Promise<void> {
  await edit(path, async (text) => {
    const { routes } = await readConfig(text, path)
    const parsed = parseUrlPattern(url)
    const wanted = parsed === undefined ? url : formatUrlPattern(username === undefined ? parsed : { ...parsed, username })
    const index = routes.findIndex(({ pattern: place }) => formatUrlPattern(place) === wanted)
    if (index < 0) {
      throw new Failure('not_found', `there is no route for ${wanted}`, { hint: '`authsock route list` shows those there are' })
    }
    const { ast, value } = await parseToml(text, path)
    const nodes = ast.body[0].body
    const tables = nodes.flatMap((node, at) => (node.type === 'TOMLTable' && node.resolvedKey[0] === 'route' ? [at] : []))
    const at = tables[index]
    const node = at === undefined ? undefined : nodes[at]
    const all = (value as { readonly route?: readonly RouteTable[] }).route ?? []
    if (at === undefined || node === undefined || tables.length !== all.length) {
      throw new Failure('config_invalid', `the route of ${wanted} is written in a way that cannot be removed safely`, {
        hint: `take it out of ${path} by hand`,
      })
    }
    const kept = cut(text, [wholeTable(text, node.range[0], nodes[at + 1]?.range[0] ?? text.length)])
    const left = (await readConfig(kept, path)).routes.map(({ pattern: place }) => formatUrlPattern(place))
    const expected = all.toSpliced(index, 1).map((table) => formatUrlPattern(toRoute(table).pattern))
    if (left.join('\n') !== expected.join('\n')) {
      throw new Failure('config_invalid', `${path} would not be read the same without the route`, { hint: 'take it out by hand' })
    }
    return kept
  })
}
