// The worker thread for scrypt, which takes a second of CPU time. It takes one job, answers once, and ends.

import { parentPort, workerData } from 'node:worker_threads'
import { Decrypter, Encrypter } from 'age-encryption'

export type Job =
  | { readonly type: 'encrypt'; readonly passphrase: string; readonly content: Uint8Array; readonly logN: number }
  | { readonly type: 'decrypt'; readonly passphrase: string; readonly content: Uint8Array }

async function run(job: Job): Promise<Uint8Array> {
  if (job.type === 'encrypt') {
    const encrypter = new Encrypter()
    encrypter.setScryptWorkFactor(job.logN)
    encrypter.setPassphrase(job.passphrase)
    return encrypter.encrypt(job.content)
  }
  const decrypter = new Decrypter()
  decrypter.addPassphrase(job.passphrase)
  return decrypter.decrypt(job.content)
}

// A wrong passphrase and a damaged file cannot be told apart, and the error might quote either. Without a top-level await: in the
// single-file program this is a CommonJS module.
void run(workerData as Job)
  .catch(() => undefined)
  .then((result) => parentPort?.postMessage(result))
