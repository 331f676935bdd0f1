// One simulated life: agents over one vault, callers, a user, a server, and everything that goes wrong. What it runs is the
// program's own: core, vault, Sessions and what they are made of. After each step it checks what must always hold.

import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventHub } from '../../src/agent/events.ts'
import { Logins } from '../../src/agent/sessions/logins.ts'
import { Profiles } from '../../src/agent/sessions/profiles.ts'
import { Revocations } from '../../src/agent/sessions/revocations.ts'
import { ServerTraits } from '../../src/agent/sessions/server-traits.ts'
import { SessionStore } from '../../src/agent/sessions/session-store.ts'
import { Sessions } from '../../src/agent/sessions/sessions.ts'
import { toProfile } from '../../src/config/profile-table.ts'
import { asFailure, Failure } from '../../src/core/failures.ts'
import type { AuthorizationServer } from '../../src/core/ports.ts'
import type { Profile } from '../../src/core/profile.ts'
import type { AccessToken, Target } from '../../src/core/session/session.ts'
import { Store } from '../../src/store/store.ts'
import { Checks } from './checks.ts'
import { SimulatedDisk } from './disk.ts'
import { SimulatedLocks } from './lock.ts'
import { Random } from './random.ts'
import { Host, Process, Scheduler } from './scheduler.ts'
import { SimulatedServer } from './server.ts'

const second = 1000
const minute = 60 * second
const start = 1_800_000_000_000
const folder = '/vault'
const newest = `${folder}/session.work.sealed`
/** Every life ends with this much time in which nothing goes wrong and everybody must have been answered. */
const calm = 40 * minute

export interface Figures {
  steps: number
  refreshes: number
  answers: number
  failures: number
  kills: number
  powerCuts: number
  sleeps: number
  logins: number
  /** Sessions that a login had to replace, by what explains it. */
  losses: Record<string, number>
}

export class Violation extends Error {
  override readonly name = 'Violation'
}

interface Agent {
  readonly process: Process
  readonly sessions: Sessions
  readonly logins: Logins
}

interface Caller {
  readonly agent: Agent
  readonly since: number
}

const masterKey = Buffer.alloc(32, 7)

/** A descriptor from which the key is read; its file is gone, so that a run that is ended leaves nothing. */
function openKey(): number {
  const keyFolder = mkdtempSync(join(tmpdir(), 'authsock-simulation-'))
  writeFileSync(join(keyFolder, 'key'), masterKey, { mode: 0o600 })
  const fd = openSync(join(keyFolder, 'key'), 'r')
  rmSync(keyFolder, { recursive: true })
  return fd
}

export class World {
  readonly figures: Figures = {
    steps: 0,
    refreshes: 0,
    answers: 0,
    failures: 0,
    kills: 0,
    powerCuts: 0,
    sleeps: 0,
    logins: 0,
    losses: {},
  }
  readonly #random: Random
  readonly #scheduler: Scheduler
  readonly #disk: SimulatedDisk
  readonly #locks: SimulatedLocks
  readonly #server: SimulatedServer
  readonly #profile: Profile
  readonly #checks: Checks
  readonly #hosts: readonly [Host, ...Host[]]
  /** One place for an agent each; empty while it is dead. */
  readonly #agents: (Agent | undefined)[]
  readonly #callers = new Set<Caller>()
  readonly #trace: string[] = []
  #isLoggedIn = false
  #isLoggingIn = false
  readonly #loggingOut = new Set<{ readonly agent: Agent }>()
  #isCalm = false
  #sleepAfter: number | undefined

  constructor(seed: number) {
    const random = new Random(seed)
    this.#random = random
    this.#scheduler = new Scheduler(random, start)
    const grace = random.pick([0, 0, 0, 10, 60, 600])
    const habits = {
      rotates: !random.once(6),
      grace,
      reuse: random.pick([0, 0, 0, 1]),
      revokesFamily: !random.once(3),
      accessTokenLife: random.pick([20, 60, 600, 3600]),
      refusesTargetOnceIn: random.pick([Infinity, Infinity, 20, 3]),
      spendsBeforeRefusing: random.once(3),
    }
    this.#server = new SimulatedServer(this.#scheduler, habits, {
      onceIn: random.pick([Infinity, 30, 8, 3]),
      latency: random.pick([20, 200, 4_000]),
    })
    this.#disk = new SimulatedDisk(this.#scheduler, {
      failsOnceIn: random.pick([Infinity, 1_000, 100]),
      latency: random.pick([1, 20, 300]),
    })
    this.#locks = new SimulatedLocks(this.#scheduler)
    const known = random.once(2) ? grace : 0
    this.#profile = toProfile('work', {
      issuer: 'https://issuer.example',
      client_id: 'c',
      refresh: random.pick(['ahead', 'on_demand']),
      refresh_grace: known,
      resources: ['https://api.example'],
    })
    this.#hosts = random.once(2) ? [new Host()] : [new Host(), new Host()]
    for (const host of this.#hosts) host.offset = random.between(-2_000, 2_000)
    this.#agents = Array.from({ length: random.pick([1, 2, 2, 3]) })
    this.#checks = new Checks({
      scheduler: this.#scheduler,
      server: this.#server,
      disk: this.#disk,
      hosts: this.#hosts,
      profile: this.#profile,
      masterKey,
      newest,
      former: `${newest}.prev`,
      say: (text) => this.#say(text),
    })
    this.#say(
      `habits ${JSON.stringify(habits)}, known grace ${known} s, ${this.#agents.length} agents on ${this.#hosts.length} hosts`,
    )
  }

  /** Lives for about so many steps. Throws a Violation, with what led to it. */
  async live(steps: number): Promise<Figures> {
    for (const place of this.#agents.keys()) this.#boot(place)
    this.#later(60 * second, () => this.#mischief())
    this.#later(5 * second, () => this.#call())
    while (this.#scheduler.steps < steps && (await this.#scheduler.step(Infinity))) this.#check()
    await this.#calmDown()
    this.figures.steps = this.#scheduler.steps
    this.figures.refreshes = this.#server.refreshes
    return this.figures
  }

  async #calmDown(): Promise<void> {
    this.#isCalm = true
    this.#disk.isHealthy = true
    this.#server.isHealthy = true
    this.#disk.fullUntil = 0
    for (const [place, agent] of this.#agents.entries()) if (agent === undefined) this.#boot(place)
    const awake = Math.max(this.#scheduler.now, ...this.#hosts.map(({ asleepUntil }) => asleepUntil))
    const end = awake + calm
    while (await this.#scheduler.step(end)) this.#check()
    const waiting = [...this.#callers].filter(({ agent, since }) => agent.process.isAlive && since < end - 10 * minute)
    const where = waiting.map(
      ({ agent }) => `agent ${this.#agents.indexOf(agent)} (${agent.sessions.loaded('work')?.state.kind})`,
    )
    if (waiting.length > 0) this.#checks.fail(`callers were never answered by ${[...new Set(where)].join(', ')}`)
    this.#check()
  }

  // ---- agents

  #boot(place: number): void {
    const host = this.#hosts[place % this.#hosts.length] ?? this.#hosts[0]
    const process = new Process(host)
    const clock = this.#scheduler.clock(process)
    const lock = this.#locks.of(process)
    const onWarning = (text: string): void => this.#say(`agent ${place} warns: ${text}`)
    const named = { provider: 'descriptor', fd: openKey() } as const
    const vault = new Store({ directory: folder, clock, lock, named, onWarning, disk: this.#disk.of(process) })
    const events = new EventHub(() => clock.now())
    const file = { path: 'config.toml', problem: undefined, current: async () => this.#config }
    const profiles = new Profiles(
      file,
      vault,
      () => this.#server.of(process),
      () => clock.now(),
    )
    const store = new SessionStore(vault, onWarning)
    const connect = (): AuthorizationServer => this.#server.of(process)
    const traits = new ServerTraits({ clock, records: vault, events })
    const revocations = new Revocations({ clock, records: vault, connect, clientSecret: async () => undefined, events })
    const sessions = new Sessions({
      clock,
      store,
      lock,
      profiles,
      events,
      traits,
      logInUnattended: () => Promise.resolve(),
      end: () => Promise.resolve(false),
    })
    const logins = new Logins({
      clock,
      profiles,
      sessions,
      events,
      revocations,
      traits,
      prepareVault: () => vault.prepare(),
    })
    const agent: Agent = { process, sessions, logins }
    events.subscribe((event) => {
      if (!process.isAlive) return
      this.#say(`agent ${place}: ${event.type}${'reason' in event ? `: ${event.reason}` : ''}`)
      if (event.type === 'login_required') this.#lost(agent, event.reason)
    })
    this.#agents[place] = agent
    this.#say(`agent ${place} starts`)
    void vault
      .open()
      .then(() => (vault.status().state === 'open' ? sessions.loadAll() : undefined))
      .catch((error: unknown) => this.#say(`agent ${place} cannot open: ${asFailure(error).message}`))
  }

  get #config() {
    return {
      profiles: new Map([['work', this.#profile]]),
      routes: [],
      interactiveLogin: false,
      invalidProfiles: new Map(),
      rules: [],
      audit: 'off' as const,
      lockWithScreen: false,
    }
  }

  #kill(place: number, how: string): void {
    const agent = this.#agents[place]
    if (agent === undefined) return
    this.#say(`agent ${place} ${how}`)
    agent.process.isAlive = false
    this.#agents[place] = undefined
    this.#disk.kill(agent.process)
    for (const caller of this.#callers) if (caller.agent === agent) this.#callers.delete(caller)
    for (const sent of this.#server.inFlight) if (sent.process === agent.process) this.#server.inFlight.delete(sent)
    this.#checks.killed(agent.process)
    if (!this.#isCalm) this.#later(this.#random.between(0, 30 * second), () => this.#bootIfDead(place))
  }

  #bootIfDead(place: number): void {
    if (this.#agents[place] === undefined) this.#boot(place)
  }

  // ---- what happens to them

  #later(delay: number, run: () => void): void {
    this.#scheduler.after(delay, undefined, run)
  }

  #mischief(): void {
    if (this.#isCalm) return
    const place = this.#random.below(this.#agents.length)
    const host = this.#random.pick(this.#hosts)
    switch (this.#random.below(13)) {
      case 0:
      case 1:
      case 2:
        this.figures.kills += 1
        this.#kill(place, 'is killed')
        break
      case 3: {
        const delay = this.#random.between(0, 3 * second)
        // At the moment that hurts: while something is on its way.
        this.#later(delay, () => {
          const victim = this.#agents.findIndex((agent) => this.#isSending(agent))
          if (victim < 0) return
          this.figures.kills += 1
          this.#kill(victim, 'is killed while it refreshes')
        })
        break
      }
      case 4:
        if (this.#hosts.length > 1) break
        this.figures.powerCuts += 1
        this.#say('the power is cut')
        for (const each of this.#agents.keys()) this.#kill(each, 'loses its power')
        this.#disk.cutPower()
        break
      case 5:
        this.#sleep(host, this.#random.pick([12 * second, 70 * second, 20 * minute, 5 * 3600 * second]))
        break
      case 6:
        this.#sleepAfter = 1 + this.#random.below(30)
        break
      case 7:
        host.offset += this.#random.pick([-3600, -90, 90, 3600]) * second
        host.clockSetAt = this.#scheduler.now
        this.#say(`a clock is set: ${Math.round(host.offset / second)} s off`)
        break
      case 11:
        this.#swingClock(host)
        break
      case 8:
        this.#disk.fullUntil = this.#scheduler.now + this.#random.between(0, 5 * minute)
        this.#say('the disk is full')
        break
      case 9:
        if (this.#random.once(3)) this.#damage()
        break
      case 10:
        if (this.#random.once(4)) this.#revoke()
        break
      default:
        if (this.#random.once(4)) void this.#logOut(place)
    }
    const calm = this.#random.pick([5, 0.5, 0.05]) * this.#server.habits.accessTokenLife * second
    this.#later(this.#random.between(0, calm), () => this.#mischief())
  }

  /** A clock is set, and set back: what was planned in between is dated by it. */
  #swingClock(host: Host): void {
    const step = this.#random.pick([-3600, -90, 90, 3600]) * second
    const swing = (by: number): void => {
      host.offset += by
      host.clockSetAt = this.#scheduler.now
      this.#say(`a clock is set: ${Math.round(host.offset / second)} s off`)
    }
    swing(step)
    this.#later(this.#random.between(0, 2 * minute), () => swing(-step))
  }

  #sleep(host: Host, length: number): void {
    this.figures.sleeps += 1
    this.#say(`a host sleeps for ${length / second} s`)
    host.asleepUntil = Math.max(host.asleepUntil, this.#scheduler.now + length)
    host.awakeSince = host.asleepUntil
  }

  /** So many steps into the next refresh its machine sleeps: with the lock, the intent or the answer in hand. */
  #sleepInTheMiddle(): void {
    if (this.#sleepAfter === undefined) return
    const agent = this.#agents.find((each) => each?.sessions.loaded('work')?.state.kind === 'refreshing')
    if (agent === undefined) return
    this.#sleepAfter -= 1
    if (this.#sleepAfter > 0) return
    this.#sleepAfter = undefined
    this.#sleep(agent.process.host, this.#random.pick([12 * second, 70 * second]))
  }

  #isSending(agent: Agent | undefined): boolean {
    return agent !== undefined && [...this.#server.inFlight].some(({ process }) => process === agent.process)
  }

  #damage(): void {
    if (!this.#disk.flip(newest)) return
    this.#say('a bit of the newest file turns')
    this.#checks.damaged()
  }

  #revoke(): void {
    this.#say('an administrator revokes everything')
    for (const family of this.#server.families.values()) family.revoked ??= 'an administrator'
  }

  // ---- callers and the user

  #lost({ sessions }: Agent, reason: string): void {
    const why = this.#checks.loginRequired(sessions.loaded('work')?.state, reason)
    this.figures.losses[why] = (this.figures.losses[why] ?? 0) + 1
    this.#isLoggedIn = false
  }

  #call(): void {
    if (this.#isCalm && this.#random.once(3)) this.#later(this.#random.between(0, 60 * second), () => this.#call())
    else this.#later(this.#random.between(0, this.#server.habits.accessTokenLife * 400), () => this.#call())
    const burst = this.#random.once(4) ? 5 : 1
    for (let caller = 0; caller < burst; caller++) this.#callOnce()
  }

  #callOnce(): void {
    const agent = this.#agents[this.#random.below(this.#agents.length)]
    if (agent === undefined || agent.process.host.asleepUntil > this.#scheduler.now) return
    const target: Target = this.#random.once(4) ? { resource: 'https://api.example' } : {}
    const minTtl = this.#random.once(4) ? this.#random.below(400) : undefined
    const caller: Caller = { agent, since: this.#scheduler.now }
    this.#callers.add(caller)
    void this.#ask(agent, target, minTtl).then(
      (token) => this.#answered(caller, token),
      (error: unknown) => this.#failed(caller, error),
    )
  }

  async #ask({ sessions }: Agent, target: Target, minTtl: number | undefined): Promise<AccessToken> {
    return (await sessions.token(this.#profile, target, minTtl)).token
  }

  #answered(caller: Caller, token: AccessToken): void {
    this.#callers.delete(caller)
    if (!caller.agent.process.isAlive) return
    this.figures.answers += 1
    this.#checks.answered(caller.agent.process, token)
  }

  #failed(caller: Caller, error: unknown): void {
    this.#callers.delete(caller)
    if (!caller.agent.process.isAlive) return
    this.figures.failures += 1
    if (!(error instanceof Failure) || error.code === 'unexpected') {
      this.#checks.fail(`a caller got ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      return
    }
    if (error.code === 'login_required' || error.code === 'record_damaged') void this.#logIn(caller.agent)
  }

  async #logIn({ logins, process }: Agent): Promise<void> {
    if (this.#isLoggingIn) return
    this.#isLoggingIn = true
    try {
      await this.#scheduler.pause(20 * second, undefined)
      if (!process.isAlive) return
      const signal = new AbortController().signal
      const record = await Promise.race([
        logins.logIn(this.#profile, 'authorization_code', { onProgress: () => {}, signal }),
        // It may sleep, or be killed, and nothing comes any more.
        this.#scheduler.pause(10 * minute, undefined),
      ])
      if (record === undefined) return
      this.figures.logins += 1
      this.#isLoggedIn = true
      this.#say('the user logs in')
    } catch (error) {
      this.#say(`the login fails: ${asFailure(error).message}`)
    } finally {
      this.#isLoggingIn = false
    }
  }

  async #logOut(place: number): Promise<void> {
    const agent = this.#agents[place]
    if (agent === undefined) return
    this.#isLoggedIn = false
    const logout = { agent }
    this.#loggingOut.add(logout)
    this.#say('the user logs out')
    try {
      await (await agent.sessions.runner(this.#profile)).remove(async () => {})
    } catch (error) {
      this.#say(`the logout fails: ${asFailure(error).message}`)
    } finally {
      this.#isLoggedIn = false
      this.#loggingOut.delete(logout)
    }
  }

  #check(): void {
    this.#sleepInTheMiddle()
    const isLoggingOut = [...this.#loggingOut].some(({ agent }) => agent.process.isAlive)
    if (this.#isLoggedIn && !isLoggingOut) this.#checks.kept()
    if (this.#checks.broken !== undefined) throw new Violation(`${this.#checks.broken}\n${this.#trace.slice(-40).join('\n')}`)
  }

  #say(text: string): void {
    this.#trace.push(`  ${((this.#scheduler.now - start) / second).toFixed(3)} s  ${text}`)
    if (this.#trace.length > 200) this.#trace.splice(0, 100)
  }
}
