// `authsock agent`: its own small reading of arguments, so that starting it loads no command line.

import { parseArgs } from 'node:util'
import { exitCodes, Failure } from '../core/failures.ts'
import { paths } from '../platform/fs/paths.ts'
import { Log, type LogLevel } from './log.ts'

const help = `Usage: authsock agent [options]

Runs the agent in the foreground. Other commands start one in the background when
none is running, so this is for service managers and for looking at what it does.

Options:
  --log LEVEL              quiet, info (default) or debug, on stderr
  --take-over              take the place of the agent that runs
  --check                  only check that this version can open the vault
  --json                   print the log as JSON, one object a line
  --master-key-fd N        read the vault's master key from descriptor N
  --master-key-file PATH   keep it in this file (also: AUTHSOCK_MASTER_KEY_FILE)
  -h, --help               show this

It listens at $AUTHSOCK, else in $XDG_RUNTIME_DIR/authsock. \`authsock stop\` ends it.
`

export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: args.slice(1),
      options: {
        log: { type: 'string', default: 'info' },
        'master-key-fd': { type: 'string' },
        'master-key-file': { type: 'string' },
        'take-over': { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(help)
      return exitCodes.ok
    }
    const fd = values['master-key-fd']
    const file = values['master-key-file']
    if (values.check) {
      await (await import('../store/manifest/format.ts')).checkVaultFormat(paths().vaultDirectory)
      return exitCodes.ok
    }
    const { runAgent } = await import('./main.ts')
    return await runAgent({
      log: levelOf(values.log),
      json: values.json,
      takeOver: values['take-over'],
      ...(fd === undefined ? {} : { masterKeyFd: descriptor(fd) }),
      ...(file === undefined ? {} : { masterKeyFile: file }),
    })
  } catch (error) {
    const log = new Log('quiet', { asJson: args.includes('--json') })
    log.error((error as Error).message)
    log.error(`hint: ${error instanceof Failure ? error.hint : '`authsock agent --help`'}`)
    return error instanceof Failure ? error.exitCode : exitCodes.usage
  }
}

function levelOf(text: string): LogLevel {
  if (text === 'quiet' || text === 'info' || text === 'debug') return text
  throw new Error(`--log is '${text}', not quiet, info or debug`)
}

function descriptor(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Error(`--master-key-fd is '${text}', not a number`)
  return Number(text)
}
