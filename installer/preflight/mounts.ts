import { dirname, join, parse, resolve, sep } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** `/proc/self/mountinfo`, one mount a line (proc_pid_mountinfo(5)); octal escapes in paths are decoded. */
export function parseMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [mount = '', fileSystem = ''] = line.split(' - ');
    const [, , , , point, options = ''] = mount.split(' ');
    const [type, , superOptions = ''] = fileSystem.split(' ');
    if (point === undefined || type === undefined || type === '') return [];
    const readOnly = [...options.split(','), ...superOptions.split(',')].includes('ro');
    return [{ point: decodeOctal(point), type, readOnly }];
  });
}

/** What `/sbin/mount` prints on macOS: `//user@host/share on /Volumes/share (smbfs, nodev, read-only)`. */
export function parseMacosMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const match = /^.* on (\/.*) \(([a-z0-9_]+)((?:, [^()]*)?)\)$/.exec(line);
    const [, point, type, options = ''] = match ?? [];
    if (point === undefined || type === undefined) return [];
    return [{ point, type, readOnly: options.split(', ').includes('read-only') }];
  });
}

function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The mount under which a path without links lies: the longest one, and of several on one point the latest. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter(({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`));
  return above.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
    undefined,
  );
}

/** File systems whose renames and locks another machine decides about. */
const NETWORK_TYPES =
  /^(nfs|nfs4|cifs|smb\d?|smbfs|smb3|afs|afpfs|ncpfs|webdav|davfs|davfs2|ceph|glusterfs|lustre|gpfs|beegfs|fuse\.(sshfs|glusterfs|ceph|davfs2?|s3fs|rclone|curlftpfs))$/;

export function isNetworkType(type: string): boolean {
  return NETWORK_TYPES.test(type);
}

/** A Windows UNC path is a share by its very form. */
export function isSharePath(path: string): boolean {
  return /^[\\/]{2}[^\\/?.]/.test(path);
}

const LINK_LIMIT = 40;

/** The same place without links, as realpath(3); what does not exist yet stays as it is. */
export async function withoutLinks(files: Files, path: string): Promise<Result<string>> {
  let [reached, ...names] = [parse(resolve(path)).root, ...segmentsOf(resolve(path))];
  for (let links = 0; ;) {
    const name = names.shift();
    if (name === undefined) return succeed(reached);
    const next = join(reached, name);
    const facts = await files.facts(next);
    if (!facts.ok) return facts;
    if (facts.value?.kind !== 'link') {
      reached = next;
      continue;
    }
    links += 1;
    if (links > LINK_LIMIT) return fail(faultOf('path-refused', 'too many links', { path }));
    const target = await files.readLink(next);
    if (!target.ok) return target;
    const led = resolve(dirname(next), target.value);
    [reached, names] = [parse(led).root, [...segmentsOf(led), ...names]];
  }
}

function segmentsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== '');
}
