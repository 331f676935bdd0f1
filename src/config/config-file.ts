// config.toml on disk: read again only if it has changed. The command line reads it strictly; the agent goes on with what was valid
// last, and says what is wrong.

import { constants } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import { permissionHint, systemErrorReason } from '../core/system-error.ts'
import { isWritableByOthers, modeOf, openOwnFile } from '../platform/fs/own-file.ts'
import { type Config, emptyConfig, readConfig, readValidParts } from './config.ts'

export interface ConfigFileOptions {
  /** Called once for each new problem of the file. */
  readonly onProblem?: (text: string) => void
}

export class ConfigFile {
  readonly path: string
  readonly #options: ConfigFileOptions
  #stamp: string | undefined
  #current: Config | Failure = emptyConfig
  #lastGood: Config | undefined
  #problem: string | undefined

  constructor(path: string, options: ConfigFileOptions = {}) {
    this.path = path
    this.#options = options
  }

  /** For commands. A file that does not exist is an empty one. Throws config_invalid for any mistake in it. */
  async read(): Promise<Config> {
    const text = await readConfigText(this.path)
    return text === undefined ? emptyConfig : readConfig(text, this.path)
  }

  /**
   * For the agent: the same object as before while the file has not changed. A profile with a mistake is as it was when it was last valid,
   * or is in `invalidProfiles`. If the file as a whole is unusable, this is the last usable configuration; throws config_invalid if there
   * was none.
   */
  async current(): Promise<Config> {
    const stamp = await this.#stampNow()
    if (stamp !== this.#stamp) {
      this.#current = await this.#load().catch((error: unknown) => this.#lastGoodOr(error))
      this.#stamp = stamp
    }
    if (this.#current instanceof Failure) throw this.#current
    return this.#current
  }

  /** What is wrong with the file as it was last read by `current()`. */
  get problem(): string | undefined {
    return this.#problem
  }

  async #load(): Promise<Config> {
    const text = await readConfigText(this.path)
    const read = text === undefined ? emptyConfig : await readValidParts(text, this.path)
    const problems = [...read.invalidProfiles.values()].map(({ message }) => message)
    const config = this.#withLastGoodProfiles(read)
    this.#lastGood = config
    this.#report(problems.length === 0 ? undefined : problems.join('\n'))
    return config
  }

  #withLastGoodProfiles(config: Config): Config {
    const kept = [...config.invalidProfiles.keys()].flatMap((name) => {
      const profile = this.#lastGood?.profiles.get(name)
      return profile === undefined ? [] : [[name, profile] as const]
    })
    if (kept.length === 0) return config
    const invalidProfiles = new Map(config.invalidProfiles)
    for (const [name] of kept) invalidProfiles.delete(name)
    return { ...config, profiles: new Map([...config.profiles, ...kept]), invalidProfiles }
  }

  #lastGoodOr(error: unknown): Config | Failure {
    if (!(error instanceof Failure)) throw error
    this.#report(
      this.#lastGood === undefined ? error.message : `${error.message}\nthe configuration before this change stays in effect`,
    )
    return this.#lastGood ?? error
  }

  #report(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem) this.#options.onProblem?.(problem)
    this.#problem = problem
  }

  /** Changes whenever the file may have changed. */
  async #stampNow(): Promise<string> {
    try {
      const { mtimeNs, ctimeNs, size, ino } = await stat(this.path, { bigint: true })
      return `${mtimeNs} ${ctimeNs} ${size} ${ino}`
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown'
    }
  }
}

/**
 * Undefined if the file does not exist. A symbolic link is followed, since dotfiles are often links. The file names commands that the agent
 * runs: it and its folder must be out of reach of other users (S13). Throws config_invalid.
 */
export async function readConfigText(path: string): Promise<string | undefined> {
  try {
    const target = await realpath(path)
    await checkFolder(dirname(target))
    const file = await openOwnFile(target, constants.O_RDONLY)
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof Failure) throw new Failure('config_invalid', error.message, { ...error.details, cause: error })
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new Failure('config_invalid', `cannot read ${path}: ${systemErrorReason(code)}`, {
      ...(code === 'EACCES' ? { hint: permissionHint } : {}),
      cause: error,
    })
  }
}

const sticky = 0o1000

/** In a sticky folder only the owner of a file can replace it. */
async function checkFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const stats = await stat(path)
  const { mode, uid } = stats
  if (uid !== process.getuid?.() && uid !== 0) {
    throw new Failure('config_invalid', `${path} belongs to another user (uid ${uid})`, {
      hint: `check the folder, then chown it to yourself`,
    })
  }
  if (isWritableByOthers(stats) && (mode & sticky) === 0) {
    throw new Failure('config_invalid', `${path} can be written by others (mode ${modeOf(stats)})`, {
      hint: `check what is in it, then chmod go-w ${path}`,
    })
  }
}
