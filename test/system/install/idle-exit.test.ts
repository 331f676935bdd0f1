// `exit_after`, with a real `systemd --user`: an agent that nobody uses ends, and is there again for a caller and for what is due.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { UserManager, userManagerParts } from '../../support/user-manager.ts'

describeWith({ ...userManagerParts, ...programs('systemd-run') }, 'idle exit', () => {
  let server: AuthorizationServer
  let home: Home
  let manager: UserManager

  beforeEach(async () => {
    server = await startAuthorizationServer({ accessTokenTtl: 32 })
    home = new Home()
    home.config(`exit_after = 10\n${workProfile(server)}`)
    manager = await UserManager.start(home)
    expect((await home.run(['install', '--json'])).code).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(async () => {
    await manager.close()
    await home.close()
    await server.close()
  })

  const pid = (): number => Number(manager.property('authsock.service', 'MainPID'))

  test('it ends, its next caller starts it, and a timer starts it for a refresh ahead', async () => {
    const first = pid()
    expect(first).toBeGreaterThan(0)
    await expect.poll(pid).toBe(0)
    expect(manager.property('authsock.service', 'Result')).toBe('success')
    expect(manager.property('authsock.socket', 'ActiveState')).toBe('active')
    expect(manager.property('authsock-wake.timer', 'ActiveState')).toBe('active')
    // Nobody asks.
    const { refreshes } = server
    await expect.poll(() => server.refreshes).toBe(refreshes + 1)
    expect(pid()).toBeGreaterThan(0)
    await expect.poll(pid).toBe(0)
    expect(await home.run(['token', 'work'])).toMatchObject({ code: 0, stderr: '' })
    expect(pid()).toBeGreaterThan(0)
    expect(server.maxInFlight).toBe(1)
    expect((await home.run(['uninstall'])).code).toBe(0)
    expect(manager.systemctl('list-units', '--all', '--no-legend', 'authsock*')).toBe('')
  })
})
