// Readers of Linux's /proc. Each result is undefined if the file is not there (the process has ended) or may not be read (the
// process is another user's, or not dumpable).

import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { defined } from '../../core/util/defined.ts'

export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const firstBytes = Buffer.alloc(1024)

/** The first 1024 bytes: /proc gives all of a short file in one read. */
export function readFirstBytes(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return firstBytes.toString('latin1', 0, readSync(file, firstBytes))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

export interface ProcessStat {
  readonly parent: number
  readonly terminal?: string
}

/** proc(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readFirstBytes(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), ...defined({ terminal: terminalName(Number(fields[4])) }) }
}

function terminalName(device: number): string | undefined {
  const major = (device >> 8) & 0xfff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`
  if (major === 4) return `tty${minor}`
  return undefined
}
