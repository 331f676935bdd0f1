// Errors of the operating system in words. A file that cannot be used is a fact of the surroundings, not a defect of the program.

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EIO: 'the disk has an error',
  EMFILE: 'no file descriptors are left',
  ENFILE: 'no file descriptors are left',
  ELOOP: 'it is a symbolic link',
  ENXIO: 'it is not a regular file',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENAMETOOLONG: 'the path is too long',
}

/** Why a file cannot be used: a sentence, or the code itself if it is not known. */
export const systemErrorReason = (code: string): string => reasons[code] ?? code

export const permissionHint =
  'check who owns it; after `su`, HOME and XDG_RUNTIME_DIR may still be those of another user: use `su -`, or unset them'

/** The path and the code of an error about a file; undefined for any other error. */
export function fileError(error: unknown): { readonly path: string; readonly code: string } | undefined {
  const { path, code, syscall } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  return typeof path === 'string' && typeof code === 'string' && typeof syscall === 'string' && Object.hasOwn(reasons, code)
    ? { path, code }
    : undefined
}
