import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isNetworkType,
  isSharePath,
  mountOf,
  parseMacosMounts,
  parseMountInfo,
  withoutLinks,
} from '../../../installer/preflight/mounts.ts';
import { openPlatform } from '../../../platform/current.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const MOUNTINFO = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro',
  '40 22 0:35 / /srv/Office\\040Maker rw,relatime shared:9 master:2 - cifs //nas/om rw,vers=3.0',
  '41 22 0:36 / /media/cd ro,relatime - iso9660 /dev/sr0 ro',
  '42 22 0:37 / /srv/late rw - nfs4 nas:/x rw',
  '43 42 0:38 / /srv/late rw - ext4 /dev/vdb rw',
  '44 22 0:39 / /super rw - ext4 /dev/vdc ro',
].join('\n');

const MACOS = [
  '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
  '//anna@nas/om on /Volumes/om (smbfs, nodev, nosuid, mounted by anna)',
  '/dev/disk4 on /Volumes/OM (Daten) (apfs, local)',
].join('\n');

describe('the mount of a path', () => {
  test.each([
    ['/srv/other', '/', 'ext4', false],
    ['/srv/Office Maker/OM Server', '/srv/Office Maker', 'cifs', false],
    ['/srv/Office Makers', '/', 'ext4', false],
    ['/media/cd/x', '/media/cd', 'iso9660', true],
    ['/srv/late/x', '/srv/late', 'ext4', false],
    ['/super/x', '/super', 'ext4', true],
  ])('%s is on %s', (path, point, type, readOnly) => {
    expect(mountOf(parseMountInfo(MOUNTINFO), path)).toEqual({ point, type, readOnly });
  });

  test.each([
    ['/Applications/x', '/', 'apfs', true],
    ['/Volumes/om/x', '/Volumes/om', 'smbfs', false],
    ['/Volumes/OM (Daten)/x', '/Volumes/OM (Daten)', 'apfs', false],
  ])('on macOS: %s is on %s', (path, point, type, readOnly) => {
    expect(mountOf(parseMacosMounts(MACOS), path)).toEqual({ point, type, readOnly });
  });
});

test.each([
  ['nfs4', true],
  ['cifs', true],
  ['smb3', true],
  ['smbfs', true],
  ['fuse.sshfs', true],
  ['ext4', false],
  ['xfs', false],
  ['fuseblk', false],
  ['tmpfs', false],
])('%s is a network type: %s', (type, expected) => expect(isNetworkType(type)).toBe(expected));

test.each([
  ['\\\\nas\\om', true],
  ['//nas/om', true],
  ['\\\\?\\C:\\OM', false],
  ['\\\\.\\C:', false],
  ['C:\\OM', false],
  ['/srv', false],
])('%s is a share: %s', (path, expected) => expect(isSharePath(path)).toBe(expected));

test('links on the way are followed, and a circle of links ends', async () => {
  const folder = temporaryFolder('mounts');
  const { files } = openPlatform();
  mkdirSync(join(folder, 'real/inner'), { recursive: true });
  symlinkSync('real', join(folder, 'relative'));
  symlinkSync(join(folder, 'relative/inner'), join(folder, 'absolute'));
  symlinkSync('circle', join(folder, 'circle'));
  expect(await withoutLinks(files, join(folder, 'absolute/x'))).toEqual({
    ok: true,
    value: join(folder, 'real/inner/x'),
  });
  expect(await withoutLinks(files, join(folder, 'circle/x'))).toMatchObject({ fault: { code: 'path-refused' } });
});
