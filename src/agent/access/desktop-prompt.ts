// Asks the user on the desktop for an approval, by the program that config.toml names or the first that is there.

import { askOnDesktop } from '../../platform/desktop/prompt.ts'
import type { Profiles } from '../sessions/profiles.ts'
import { approvalDetails, type ApprovalsPorts } from './approvals.ts'

export const desktopPrompt =
  (profiles: Pick<Profiles, 'config'>): ApprovalsPorts['prompt'] =>
  async (approval, signal) => {
    const { prompt } = await profiles.config()
    return askOnDesktop(prompt, { text: approval.text, details: approvalDetails(approval) }, signal)
  }
