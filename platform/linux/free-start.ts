import { faultOf } from '../fault.ts';
import type { FreeStart } from '../file-space.ts';
import type { RunCommand } from '../node/run-command.ts';
import { fail, succeed } from '../result.ts';

const LIMIT_MS = 60_000;
/** fallocate(1) is part of util-linux, which every distribution with systemd has. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * fallocate(2) with FALLOC_FL_PUNCH_HOLE: ext4, xfs, btrfs, tmpfs, overlays of these, NFS 4.2.
 *
 * Node has no binding for it, so the system's own tool does it.
 */
export function createLinuxFreeStart(run: RunCommand): FreeStart {
  return async (path, bytes) => {
    const args = ['--punch-hole', '--offset', '0', '--length', String(bytes), path];
    const outcome = await run({ command: 'fallocate', args, environment: ENVIRONMENT, timeoutMs: LIMIT_MS });
    if (!outcome.ok) return outcome;
    const { exit, errorOutput } = outcome.value;
    if (exit.kind === 'exited' && exit.code === 0) return succeed();
    return fail(faultOf('command-failed', `fallocate: ${errorOutput.trim()}`, { path, operation: 'fallocate' }));
  };
}
