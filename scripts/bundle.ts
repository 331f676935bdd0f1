// Bundles the program: src/main.ts with everything that it loads lazily, the passphrase worker and the client library, from TypeScript
// to JavaScript. Packages stay imports (but not in the package for npm); package.json, protocol/config.schema.json and texts of installers/ become part of the bundle. Modules that look for a
// file beside themselves (src/client/start.ts, src/store/keys/passphrase.ts) rely on one rule: each chunk lies one folder below `out`.

import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown, type RolldownOutput } from 'rolldown'

const source = fileURLToPath(new URL('../src/', import.meta.url))

/** The names are paths below `out`. */
const input = {
  main: join(source, 'main.ts'),
  'client/index': join(source, 'client/index.ts'),
  'chunks/passphrase-worker': join(source, 'store/keys/passphrase-worker.ts'),
}

export interface BundleOptions {
  /** Whether the packages become part of it, all but those with native modules. */
  readonly withPackages?: boolean
}

/** The folders of the packages that became part of it. */
export async function bundleProgram(out: string, { withPackages = false }: BundleOptions = {}): Promise<readonly string[]> {
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: withPackages ? [] : isPackage,
    plugins: [builtinsByName(), embeddedTexts()],
    treeshake,
  })
  const { output } = await bundle.write({
    dir: out,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    minify: withPackages ? { compress: true, mangle: false, codegen: false } : false,
  })
  await bundle.close()
  return packagesIn(output)
}

/** The same program as two CommonJS texts, with every package in them: native modules alone stay outside. */
export async function bundleSingleFile(): Promise<{ readonly program: string; readonly passphraseWorker: string }> {
  const [program, passphraseWorker] = await Promise.all([
    inOneText('single-file.ts'),
    inOneText('store/keys/passphrase-worker.ts'),
  ])
  return { program, passphraseWorker }
}

/** The folders of the packages that the single-file program contains code of. */
export async function bundledPackages(): Promise<readonly string[]> {
  const bundles = await Promise.all([generate('single-file.ts'), generate('store/keys/passphrase-worker.ts')])
  return packagesIn(bundles.flat())
}

function packagesIn(output: readonly RolldownOutput['output'][number][]): readonly string[] {
  const folder = /^[^\0]*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? Object.keys(chunk.modules) : []))
  return [...new Set(modules.flatMap((id) => folder.exec(id.replaceAll('\\', '/'))?.[0] ?? []))].toSorted()
}

async function inOneText(entry: string): Promise<string> {
  const [{ code }] = await generate(entry)
  return code
}

async function generate(entry: string): Promise<RolldownOutput['output']> {
  const bundle = await rolldown({
    input: join(source, entry),
    platform: 'node',
    plugins: [builtinsByName(), embeddedTexts()],
    treeshake,
  })
  const { output } = await bundle.generate({ format: 'cjs', codeSplitting: false, minify: true, comments: false })
  await bundle.close()
  return output
}

/** Reading a property of a module of Node has no effect that the program relies on. */
const treeshake = { propertyReadSideEffects: false } as const

const builtinMark = '\0builtin:'

const isPackage = (id: string): boolean =>
  !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('node:') && !id.startsWith(builtinMark)

/**
 * `import { x } from 'node:http'` evaluates every getter of the module, and those of node:http load WebSocket and fetch: a third of the
 * agent's start-up. Here each importer gets a module of its own that exports what process.getBuiltinModule returns, name by name, and
 * tree shaking leaves the names that the importer uses.
 */
function builtinsByName(): Plugin {
  return {
    name: 'builtins-by-name',
    resolveId(id, importer) {
      if (!id.startsWith('node:')) return undefined
      // main.ts also runs on a Node that is too old for the rest, and for process.getBuiltinModule.
      return importer === input.main ? { id, external: true } : `${builtinMark}${id}\0${importer ?? ''}`
    },
    load(id) {
      if (!id.startsWith(builtinMark)) return undefined
      const [name = ''] = id.slice(builtinMark.length).split('\0')
      const names = Object.getOwnPropertyNames(process.getBuiltinModule(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key))
      const lines = [
        `const module = /* @__PURE__ */ process.getBuiltinModule('${name}')`,
        'export default module',
        ...names.map((key) => `const ${key}_ = module.${key}\nexport { ${key}_ as ${key} }`),
      ]
      return { code: lines.join('\n'), moduleType: 'js' }
    },
  }
}

/** `readFileSync(new URL('../installers/...', import.meta.url), 'utf8')` becomes the text of the file. */
function embeddedTexts(): Plugin {
  const call = /readFileSync\(new URL\('((?:\.\.\/)+installers\/[^']+)', import\.meta\.url\), 'utf8'\)/g
  return {
    name: 'embedded-texts',
    transform(code, id) {
      if (!id.startsWith(source) || !code.includes('installers/')) return undefined
      return code.replaceAll(call, (_, path: string) => JSON.stringify(readFileSync(resolve(dirname(id), path), 'utf8')))
    },
  }
}
