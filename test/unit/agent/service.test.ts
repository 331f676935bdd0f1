// Services start in order and stop in reverse; one that fails harms no other.

import { beforeEach, expect, test } from 'vitest'
import { type Service, ServiceList } from '../../../src/agent/service.ts'

let log: string[]
let errors: string[]

beforeEach(() => {
  log = []
  errors = []
})

const service = (name: string, more: Partial<Service> = {}): Service => ({
  name,
  start: async () => void log.push(`start ${name}`),
  stop: async () => void log.push(`stop ${name}`),
  ...more,
})

const list = (...services: readonly Service[]): ServiceList => new ServiceList(services, (text) => errors.push(text))

test('they are started in order and stopped in reverse, once', async () => {
  const services = list(service('a'), service('b'), service('c'))
  await services.start()
  await services.stop(1000)
  await services.stop(1000)
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
})

test('if one cannot be started, those before it are stopped and the failure is told', async () => {
  const broken = service('b', { start: () => Promise.reject(new Error('no room')) })
  await expect(list(service('a'), broken, service('c')).start()).rejects.toThrow('no room')
  expect(log).toEqual(['start a', 'stop a'])
})

test('one that cannot be stopped is named, and the others are stopped', async () => {
  const services = list(service('a'), service('b', { stop: () => Promise.reject(new Error('it hangs')) }), service('c'))
  await services.start()
  await services.stop(1000)
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop a'])
  expect(errors).toEqual(['b could not be stopped: unexpected: it hangs'])
})

test('the deadline is one for all: a service that waits for it does not lengthen it for the next', async () => {
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())))
  let wasAborted = false
  const first = service('a', { stop: async (deadline) => void (wasAborted = deadline.aborted) })
  const services = list(first, service('b', { stop: untilAborted }))
  await services.start()
  await services.stop(20)
  expect(wasAborted).toBe(true)
})
