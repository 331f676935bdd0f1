// Adds routes to config.toml and removes them.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { readConfig } from './config.ts'
import { edit } from './edit-file.ts'
import { cut, pairs, wholeTable } from './toml-text.ts'
import { checkRoutes, type RouteTable, toRoute } from './routes.ts'
import { parseToml } from './toml.ts'

/** Appends `[[route]]`. Throws bad_request, also if the URL has a route already; config_invalid. */
export async function addRoute(path: string, table: RouteTable): Promise<void> {
  await edit(path, async (text) => {
    const { profiles } = await readConfig(text, path)
    const { route: tables = [] } = (await parseToml(text, path)).value as { readonly route?: readonly RouteTable[] }
    const [complaint] = checkRoutes([table], [...profiles.keys()])
    if (complaint !== undefined) {
      throw new Failure('bad_request', complaint.text, {
        hint: 'see `authsock route list` and `authsock profile list`',
      })
    }
    const key = formatUrlPattern(toRoute(table).pattern)
    if (tables.some((each) => formatUrlPattern(toRoute(each).pattern) === key)) {
      throw new Failure('bad_request', `${key} already has a route`, {
        hint: `remove it first: \`authsock route remove ${key}\``,
      })
    }
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const gap = text === '' ? '' : text.endsWith('\n') ? newline : newline + newline
    return text + gap + ['[[route]]', ...pairs(table)].join(newline) + newline
  })
}

/** Removes the route for exactly this URL and user name. Throws not_found, config_invalid. */
export async function removeRoute(path: string, url: string, username: string | undefined): Promise<void> {
  await edit(path, async (text) => {
    const { routes } = await readConfig(text, path)
    const parsed = parseUrlPattern(url)
    const wanted = parsed === undefined ? url : formatUrlPattern(username === undefined ? parsed : { ...parsed, username })
    const index = routes.findIndex(({ pattern }) => formatUrlPattern(pattern) === wanted)
    if (index < 0) {
      throw new Failure('not_found', `no route for ${wanted}`, { hint: '`authsock route list` lists the routes' })
    }
    const { ast, value } = await parseToml(text, path)
    const nodes = ast.body[0].body
    const tables = nodes.flatMap((node, at) => (node.type === 'TOMLTable' && node.resolvedKey[0] === 'route' ? [at] : []))
    const at = tables[index]
    const node = at === undefined ? undefined : nodes[at]
    const all = (value as { readonly route?: readonly RouteTable[] }).route ?? []
    if (at === undefined || node === undefined || tables.length !== all.length) {
      throw new Failure('config_invalid', `cannot remove the route for ${wanted} safely: the file has an unusual form`, {
        hint: `remove it from ${path} by hand`,
      })
    }
    const kept = cut(text, [wholeTable(text, node.range[0], nodes[at + 1]?.range[0] ?? text.length)])
    const left = (await readConfig(kept, path)).routes.map(({ pattern }) => formatUrlPattern(pattern))
    const expected = all.toSpliced(index, 1).map((table) => formatUrlPattern(toRoute(table).pattern))
    if (left.join('\n') !== expected.join('\n')) {
      throw new Failure('config_invalid', `cannot remove the route for ${wanted} safely: other routes would change`, {
        hint: `remove it from ${path} by hand`,
      })
    }
    return kept
  })
}
