// The access list of the agent's pipe: everything for this user and for the system, nothing for anybody else.

import { Failure } from '../../core/failures.ts'
import { ownSid } from '../process/windows-process.ts'
import type { Win32 } from './win32.ts'

/** A SECURITY_ATTRIBUTES; children do not inherit the pipe. Throws if Windows does not take the list. */
export class PipeSecurity {
  readonly attributes = Buffer.alloc(24)
  readonly #system: Win32
  readonly #descriptor: bigint

  constructor(system: Win32) {
    this.#system = system
    const out = Buffer.alloc(8)
    const sid = ownSid()
    const revision = 1
    const access = `D:P(A;;GA;;;SY)(A;;GA;;;${sid})`
    if (sid === undefined || system.ConvertStringSecurityDescriptorToSecurityDescriptorW(access, revision, out, null) === 0) {
      throw new Failure('unexpected', `Windows does not accept the access list of the pipe (error ${system.GetLastError()})`)
    }
    this.#descriptor = out.readBigUInt64LE()
    this.attributes.writeUInt32LE(this.attributes.length)
    this.attributes.writeBigUInt64LE(this.#descriptor, 8)
  }

  free(): void {
    this.#system.LocalFree(this.#descriptor)
  }
}
