// The platforms that packages are made for, by the names that Node gives them.

export interface Target {
  /** As the keys of `targets` in ../thin-client.ts. */
  readonly platform: string
  readonly os: 'linux' | 'darwin' | 'win32'
  readonly arch: 'x64' | 'arm64'
  readonly keyringPackage: string
  /** Below the folder of koffi's package. */
  readonly koffiFile: string
}

const target = (os: Target['os'], arch: Target['arch'], abi = ''): Target => ({
  platform: `${os}-${arch}`,
  os,
  arch,
  keyringPackage: `@napi-rs/keyring-${os}-${arch}${abi}`,
  koffiFile: `${os}_${arch}/koffi.node`,
})

export const allTargets: readonly Target[] = [
  target('linux', 'x64', '-gnu'),
  target('linux', 'arm64', '-gnu'),
  target('darwin', 'x64'),
  target('darwin', 'arm64'),
  target('win32', 'x64', '-msvc'),
]

export const hostPlatform = `${process.platform}-${process.arch}`
export const isHost = ({ platform }: Target): boolean => platform === hostPlatform

/** Throws if no package is made for it. */
export function targetOf(platform: string): Target {
  const found = allTargets.find((each) => each.platform === platform)
  if (found === undefined) throw new Error(`'${platform}' is none of ${allTargets.map((each) => each.platform).join(', ')}`)
  return found
}
