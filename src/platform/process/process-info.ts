// What the operating system tells about a process, in the terms of core/access/caller.ts. A field that cannot be read is absent;
// `container` is then `unknown`.

import type { Caller } from '../../core/access/caller.ts'

export type ProcessInfo = Pick<Caller, 'executable' | 'parents' | 'container' | 'terminal' | 'sid'>
