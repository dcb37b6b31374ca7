/** Every system call that changes a folder, and the errors that are put in its place (from the Errors sections of man 2). */

export const ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EBUSY', 'EDQUOT', 'EROFS', 'EMFILE'] as const;
export type ErrorName = (typeof ERRORS)[number];
export type Fault = 'KILL' | ErrorName;

const NAME_ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EDQUOT', 'EROFS'] as const;
const REMOVE_ERRORS = ['EIO', 'EACCES', 'EBUSY', 'EROFS'] as const;
const CONTENT_ERRORS = ['ENOSPC', 'EIO', 'EDQUOT'] as const;
const MODE_ERRORS = ['EIO', 'EACCES', 'EROFS'] as const;

export const MUTATING = {
  openat: [...NAME_ERRORS, 'EBUSY', 'EMFILE'],
  write: CONTENT_ERRORS,
  pwrite64: CONTENT_ERRORS,
  writev: CONTENT_ERRORS,
  pwritev: CONTENT_ERRORS,
  copy_file_range: CONTENT_ERRORS,
  sendfile: CONTENT_ERRORS,
  ftruncate: ['EIO', 'EACCES', 'EROFS'],
  fsync: CONTENT_ERRORS,
  fdatasync: CONTENT_ERRORS,
  rename: [...NAME_ERRORS, 'EBUSY'],
  renameat: [...NAME_ERRORS, 'EBUSY'],
  renameat2: [...NAME_ERRORS, 'EBUSY'],
  link: NAME_ERRORS,
  linkat: NAME_ERRORS,
  symlink: NAME_ERRORS,
  symlinkat: NAME_ERRORS,
  mkdir: NAME_ERRORS,
  mkdirat: NAME_ERRORS,
  rmdir: REMOVE_ERRORS,
  unlink: REMOVE_ERRORS,
  unlinkat: REMOVE_ERRORS,
  chmod: MODE_ERRORS,
  fchmod: MODE_ERRORS,
  fchmodat: MODE_ERRORS,
  chown: MODE_ERRORS,
  fchown: MODE_ERRORS,
  lchown: MODE_ERRORS,
  fchownat: MODE_ERRORS,
  utimensat: MODE_ERRORS,
  ioctl: CONTENT_ERRORS,
} as const satisfies Readonly<Record<string, readonly ErrorName[]>>;

export type CallName = keyof typeof MUTATING;
export const CALL_NAMES = Object.keys(MUTATING) as readonly CallName[];

export function isMutating(name: string): name is CallName {
  return Object.hasOwn(MUTATING, name);
}
