// A disk that forgets: what was not synced may be gone after a power cut, a write can fail or be torn, the disk can be full.
// Operations take effect when their time comes; of a process that is killed, each that is under way may or may not.

import type { Disk } from '../../src/platform/fs/disk.ts'
import type { Process, Scheduler } from './scheduler.ts'

type Names = Map<string, Buffer>

export interface DiskTroubles {
  /** One operation in so many fails. */
  readonly failsOnceIn: number
  /** ms at most that one takes. */
  readonly latency: number
}

interface Pending {
  readonly process: Process
  /** What it does when it gets to it, and what if it is cut short. */
  readonly apply: () => void
  readonly tear: () => void
}

const trouble = (code: string): Error => Object.assign(new Error(code), { code })

export class SimulatedDisk {
  /** Until when nothing more fits. */
  fullUntil = 0
  /** Called when names have become durable. */
  onDurable: () => void = () => {}
  /** Called when one process replaces or removes what another has put there and not yet made durable. */
  onOvertaken: (path: string, file: Buffer, how: 'replaced' | 'removed') => void = () => {}
  readonly #scheduler: Scheduler
  readonly #troubles: DiskTroubles
  #names: Names = new Map()
  #durable: Names = new Map()
  /** Changes of names since the last sync, in order. */
  #changes: ((names: Names) => void)[] = []
  readonly #pending = new Set<Pending>()
  readonly #writers = new WeakMap<Buffer, Process>()
  isHealthy = false

  /** No operation fails by chance. */
  get isReliable(): boolean {
    return this.isHealthy || this.#troubles.failsOnceIn === Infinity
  }

  constructor(scheduler: Scheduler, troubles: DiskTroubles) {
    this.#scheduler = scheduler
    this.#troubles = troubles
  }

  durable(path: string): Buffer | undefined {
    return this.#durable.get(path)
  }

  current(path: string): Buffer | undefined {
    return this.#names.get(path)
  }

  /** A bit of a file turns. */
  flip(path: string): boolean {
    const file = this.#names.get(path)
    if (file === undefined || file.length === 0 || this.#changes.length > 0) return false
    const damaged = Buffer.from(file)
    const at = this.#scheduler.random.below(damaged.length)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << this.#scheduler.random.below(8))
    this.#names.set(path, damaged)
    this.#durable.set(path, damaged)
    return true
  }

  /** The process is gone; the system goes on with what it was told, or was not. */
  kill(process: Process): void {
    for (const pending of this.#pending) {
      if (pending.process !== process) continue
      this.#pending.delete(pending)
      const fate = this.#scheduler.random.below(3)
      if (fate === 0) pending.apply()
      if (fate === 1) pending.tear()
    }
  }

  /** Names that were not synced are there up to some point, as a journal has them. */
  cutPower(): void {
    this.#pending.clear()
    const kept = this.#scheduler.random.below(this.#changes.length + 1)
    for (const change of this.#changes.slice(0, kept)) change(this.#durable)
    this.#changes = []
    this.#names = new Map(this.#durable)
    this.onDurable()
  }

  of(process: Process): Disk {
    const act = <T>(work: () => T, tear: () => void = () => {}): Promise<T> => this.#act(process, work, tear, false)
    // Asked by a machine that sleeps, it is answered when that one wakes.
    const look = <T>(work: () => T): Promise<T> => this.#act(process, work, () => {}, true)
    const change = (edit: (names: Names) => void): void => {
      edit(this.#names)
      this.#changes.push(edit)
    }
    const known = (path: string): Buffer => {
      const file = this.#names.get(path)
      if (file === undefined) throw trouble('ENOENT')
      return file
    }
    return {
      read: (path) => look(() => this.#names.get(path)),
      create: (path, content) => {
        const whole = Buffer.from(content)
        this.#writers.set(whole, process)
        return act(
          () => {
            if (this.#names.has(path)) throw trouble('EEXIST')
            if (this.#scheduler.now < this.fullUntil) throw trouble('ENOSPC')
            change((names) => names.set(path, whole))
          },
          () => change((names) => names.set(path, whole.subarray(0, this.#scheduler.random.below(whole.length)))),
        )
      },
      link: (from, to) =>
        act(() => {
          const file = known(from)
          change((names) => names.set(to, file))
        }),
      rename: (from, to) =>
        act(() => {
          known(from)
          this.#overtake(process, to, 'replaced')
          change((names) => {
            const file = names.get(from)
            if (file === undefined) return
            names.delete(from)
            names.set(to, file)
          })
        }),
      remove: (path) =>
        act(() => {
          this.#overtake(process, path, 'removed')
          change((names) => names.delete(path))
        }),
      syncFolder: () =>
        act(() => {
          this.#durable = new Map(this.#names)
          this.#changes = []
          this.onDurable()
        }),
      list: (path) =>
        look(() =>
          [...this.#names.keys()].flatMap((name) => (name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [])).sort(),
        ),
      makeFolder: () => act(() => {}),
      namesOf: async () => undefined,
      modifiedAt: (path) => look(() => (this.#names.has(path) ? this.#scheduler.now : undefined)),
    }
  }

  #overtake(process: Process, path: string, how: 'replaced' | 'removed'): void {
    const file = this.#names.get(path)
    if (file === undefined || this.#durable.get(path) === file || this.#writers.get(file) === process) return
    this.onOvertaken(path, file, how)
  }

  #attempt<T>(work: () => T, fails: boolean, resolve: (value: T) => void, reject: (error: Error) => void): () => void {
    if (fails) return () => reject(trouble('EIO'))
    try {
      const value = work()
      return () => resolve(value)
    } catch (error) {
      return () => reject(error as Error)
    }
  }

  #act<T>(process: Process, work: () => T, tear: () => void, isLook: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const fails = !this.isHealthy && this.#scheduler.random.once(this.#troubles.failsOnceIn)
      const pending: Pending = {
        process,
        apply: () => {
          try {
            work()
          } catch {
            // Nobody is left to be told.
          }
        },
        tear,
      }
      this.#pending.add(pending)
      const doer = isLook ? process : undefined
      this.#scheduler.after(this.#scheduler.random.between(0, this.#troubles.latency), doer, () => {
        // What the system was told to do it does, whether or not its machine then sleeps.
        if (!this.#pending.delete(pending)) return
        const told = this.#attempt(work, fails, resolve, reject)
        if (process.host.asleepUntil > this.#scheduler.now) this.#scheduler.after(0, process, told)
        else told()
      })
    })
  }
}
