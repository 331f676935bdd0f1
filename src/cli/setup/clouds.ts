// kubectl, aws, terraform.

import { delimiter, join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { fileChange, linkChange, type Plan, readText } from './change.ts'
import { setIni } from './edits.ts'
import { profileOf, program, type SetupContext } from './context.ts'

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly user?: string } }[]
  readonly users?: readonly { readonly name: string; readonly user?: object }[]
}

const noUser = (message: string): Failure =>
  new Failure('bad_request', message, { hint: '`authsock setup kubectl USER --profile NAME`' })

export async function kubectl(context: SetupContext): Promise<Plan> {
  const { env, home, targets, options } = context
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((each) => each !== '')
  const paths = named.length === 0 ? [join(home, '.kube', 'config')] : named
  const { isMap, isSeq, parseDocument } = await import('yaml')
  const files = paths.flatMap((path) => {
    const text = readText(path)
    if (text === undefined) return []
    const document = parseDocument(text)
    const [error] = document.errors
    if (error !== undefined) throw noUser(`${path}: ${error.message.split('\n')[0]}`)
    return [{ path, text, document, json: document.toJS() as Kubeconfig | null }]
  })
  const [first] = files
  if (first === undefined)
    throw new Failure('not_found', `no such file: ${paths[0]}`, {
      hint: 'set KUBECONFIG, or add a cluster with `kubectl config` first',
    })
  // kubectl merges the files; the first value counts.
  const currentContext = files.map(({ json }) => json?.['current-context'] ?? '').find((each) => each !== '')
  const inContext = files.find(({ json }) => json?.contexts?.some(({ name }) => name === currentContext) === true)
  const user = targets[0] ?? inContext?.json?.contexts?.find(({ name }) => name === currentContext)?.context.user
  if (user === undefined) throw noUser(`no current context with a user in ${paths.join(', ')}`)
  const withUser = files.find(({ json }) => json?.users?.some(({ name }) => name === user) === true)
  const { path, text, document, json } = withUser ?? inContext ?? first
  const profile = profileOf(context, 'kubectl')
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: program(context, 'authsock-client'),
    args: ['kubectl', profile, ...(options.idToken === true ? ['--id-token'] : [])],
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
  }
  const index = json?.users?.findIndex(({ name }) => name === user) ?? -1
  const other = Object.keys(json?.users?.[index]?.user ?? {}).find((key) => key !== 'exec')
  if (other !== undefined) {
    throw new Failure('bad_request', `the user '${user}' in ${path} has another credential already (${other})`, {
      hint: `\`kubectl config unset users.${user}\` first, or name another user`,
    })
  }
  const users = document.get('users')
  if (isSeq(users) && users.items.length === 0) users.flow = false
  if (index < 0 || !isMap(document.getIn(['users', index])))
    document.addIn(['users'], document.createNode({ name: user, user: { exec } }))
  else document.setIn(['users', index, 'user'], document.createNode({ exec }))
  return {
    changes: fileChange(path, () =>
      document.toString({ indentSeq: !/^\w[\w-]*:\n- /m.test(text), flowCollectionPadding: /\{ /.test(text) }),
    ),
    notes: [],
  }
}

export function aws(context: SetupContext): Plan {
  const { env, home, targets, options, profiles } = context
  const path = env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config')
  const name = targets[0] ?? 'authsock'
  const section = name === 'default' ? name : `profile ${name}`
  const credential = profileOf(context, 'aws')
  if (profiles.has(credential) && options.roleArn === undefined) {
    throw new Failure('bad_request', `aws needs a role for the tokens of '${credential}'`, {
      hint: 'add --role-arn arn:aws:iam::ACCOUNT:role/NAME, or name a static secret with --profile',
    })
  }
  const role =
    options.roleArn === undefined ? [] : ['--role-arn', options.roleArn, ...(options.idToken === true ? ['--id-token'] : [])]
  const command = [`"${program(context, 'authsock-client')}"`, 'aws', credential, ...role].join(' ')
  const edit = (text: string): string => {
    const done = setIni(text, section, 'credential_process', command)
    return options.region === undefined ? done : setIni(done, section, 'region', options.region)
  }
  return { changes: fileChange(path, edit), notes: [`use it with AWS_PROFILE=${name}`] }
}

export function terraform(context: SetupContext): Plan {
  const { env, home } = context
  const path = env['TF_CLI_CONFIG_FILE'] ?? join(home, '.terraformrc')
  const name = 'terraform-credentials-authsock'
  const edit = (text: string): string => {
    const other = /^\s*credentials_helper\s+"([^"]*)"/m.exec(text)?.[1]
    if (other === 'authsock') return text
    if (other === undefined) return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}credentials_helper "authsock" {}\n`
    throw new Failure('bad_request', `${path} has another credentials helper, '${other}', and Terraform allows one`, {
      hint: 'remove it first',
    })
  }
  return {
    changes: [...fileChange(path, edit), ...linkChange(join(home, '.terraform.d', 'plugins', name), program(context, name))],
    notes: [],
  }
}
