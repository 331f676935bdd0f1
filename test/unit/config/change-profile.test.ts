// Fields of a profile that the program changes: the rest of the file stays as it is, to the byte.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeProfile, setDefaultProfile } from '../../../src/config/change-profile.ts'
import { readConfig } from '../../../src/config/config.ts'
import { defaultProfileName } from '../../../src/config/default-profile.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-config-'))
  file = join(folder, 'config.toml')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = (): string => readFileSync(file, 'utf8')

const commented = `#:schema x
# mine
[profile.work] # the first
issuer = "https://a.example" # not b
client_id = "c"
  scopes = ["openid"] # one

# belongs to home
[profile.home]
issuer = "https://b.example"
client_id = "d"
`

test('U13 a field is replaced where it stands, added after the last one, removed with its line; comments stay', async () => {
  writeFileSync(file, commented)
  await changeProfile(file, 'work', {
    scopes: ['openid', 'read'],
    resource: 'https://api.example',
    issuer: 'https://new.example',
  })
  expect(text()).toBe(
    commented
      .replace('"https://a.example"', '"https://new.example"')
      .replace('["openid"] # one\n', '["openid", "read"] # one\nresource = "https://api.example"\n'),
  )
  await changeProfile(file, 'work', { resource: null, scopes: null, issuer: 'https://a.example' })
  expect(text()).toBe(commented.replace('  scopes = ["openid"] # one\n', ''))
  await changeProfile(file, 'home', { browser: ['firefox', '-P', 'home'] })
  expect(text()).toContain('client_id = "d"\nbrowser = ["firefox", "-P", "home"]\n')
})

test('U13 what would make the file invalid is refused, and nothing is written', async () => {
  writeFileSync(file, commented)
  await expect(changeProfile(file, 'work', { issuer: 'http://a.example' })).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining("'issuer' is plain http"),
  })
  await expect(changeProfile(file, 'nobody', { resource: 'urn:x' })).rejects.toMatchObject({ code: 'unknown_profile' })
  await expect(setDefaultProfile(file, 'nobody')).rejects.toMatchObject({ code: 'unknown_profile' })
  expect(text()).toBe(commented)
  writeFileSync(file, 'profile.work = { issuer = "https://a.example", client_id = "c" }\n')
  await expect(changeProfile(file, 'work', { resource: 'urn:x' })).rejects.toMatchObject({ code: 'config_invalid' })
})

test('U12 the default profile: set at the head of the file, replaced where it stands; one answer for all', async () => {
  writeFileSync(file, commented)
  expect(defaultProfileName(await readConfig(text(), file))).toBeUndefined()
  await setDefaultProfile(file, 'home')
  expect(text()).toBe(commented.replace('#:schema x\n', '#:schema x\ndefault_profile = "home"\n\n'))
  expect(defaultProfileName(await readConfig(text(), file))).toBe('home')
  await setDefaultProfile(file, 'work')
  expect(text()).toBe(commented.replace('#:schema x\n', '#:schema x\ndefault_profile = "work"\n\n'))
  const single = '[profile.only]\nissuer = "https://a.example"\nclient_id = "c"\n'
  expect(defaultProfileName(await readConfig(single, file))).toBe('only')
})
