// A master key in an age file that is encrypted with a passphrase; `age --decrypt` can read it.

import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Redacted } from '../../core/redacted.ts'
import { assetText, isSingleFile } from '../../platform/self.ts'
import type { Job } from './passphrase-worker.ts'

/** scrypt with N = 2^18: about a second, and 256 MB. */
const logN = 18

export async function encryptKey(key: Uint8Array, passphrase: Redacted<string>): Promise<Uint8Array> {
  const file = await run({ type: 'encrypt', passphrase: passphrase.reveal(), content: key, logN })
  if (file === undefined) throw new Error('the age file could not be made')
  return file
}

/** Undefined if the passphrase is wrong or the file is damaged: the two cannot be told apart. */
export async function decryptKey(file: Uint8Array, passphrase: Redacted<string>): Promise<Buffer | undefined> {
  const key = await run({ type: 'decrypt', passphrase: passphrase.reveal(), content: file })
  return key === undefined ? undefined : Buffer.from(key)
}

/** It is TypeScript or built, as this module, and gets no environment and no arguments of the agent. */
function startWorker(job: Job): Worker {
  const options = { workerData: job, env: {}, execArgv: [] }
  if (isSingleFile) return new Worker(assetText('passphrase-worker.cjs'), { ...options, eval: true })
  return new Worker(new URL(`./passphrase-worker${extname(import.meta.url)}`, import.meta.url), options)
}

function run(job: Job): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const worker = startWorker(job)
    worker.once('message', (result: Uint8Array | undefined) => {
      resolve(result)
      void worker.terminate()
    })
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the passphrase worker ended without an answer')))
  })
}
