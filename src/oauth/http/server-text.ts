// What a server wrote, fit for a message: one line, without controls, of limited length. It may be hostile.

import { sanitizeForDisplay } from '../../core/util/text.ts'

/** Characters. Entra's descriptions say what to do after some 300. */
const maxLength = 600

export const serverText = (text: string): string => sanitizeForDisplay(text.replaceAll(/\s+/g, ' ').trim(), maxLength)
