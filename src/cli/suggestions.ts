// What to suggest for a command that does not exist: what other programs call it first, then a typing error.

import { closest } from '../core/util/closest.ts'
import { commandNames } from './command-table.ts'

/** Words that other programs use for the same thing. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ['use', 'profile default PROFILE'],
  ['switch', 'profile default PROFILE'],
  ['default', 'profile default PROFILE'],
  ['get', 'token'],
  ['access-token', 'token'],
  ['get-token', 'token'],
  ['accounts', 'profile list'],
  ['info', 'status'],
  ['ps', 'status'],
  ['print-token', 'token'],
  ['credential', 'password'],
  ['list', 'status'],
  ['ls', 'status'],
  ['whoami', 'status'],
  ['show', 'status'],
  ['init', 'login'],
  ['add', 'login'],
  ['signin', 'login'],
  ['sign-in', 'login'],
  ['auth', 'login'],
  ['signout', 'logout'],
  ['sign-out', 'logout'],
  ['remove', 'profile remove'],
  ['rm', 'profile remove'],
  ['delete', 'profile remove'],
  ['config', 'profile'],
  ['profiles', 'profile list'],
  ['refresh', 'retry'],
  ['renew', 'retry'],
  ['run', 'exec'],
  ['env', 'exec'],
  ['log', 'audit'],
  ['logs', 'audit'],
  ['watch', 'events'],
  ['check', 'doctor'],
  ['daemon', 'agent'],
  ['restart', 'upgrade --restart'],
  ['kill', 'stop'],
  ['deny', 'approve --deny'],
  ['approvals', 'approve'],
  ['tool', 'setup'],
  ['autostart', 'install'],
  ['update', 'upgrade'],
  ['enable', 'install'],
  ['disable', 'uninstall'],
  ['completions', 'completion SHELL'],
])

/** What follows `authsock`. */
export const suggestCommand = (word: string): string | undefined => otherWords.get(word) ?? closest(word, commandNames)
