import { describe, expect, test } from 'vitest';
import { canUnsharePids } from '../../kit/privilege.ts';
import { runProgram } from '../../kit/program.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const RECYCLE = new URL('../programs/recycle-pid.ts', import.meta.url).pathname;

describe.skipIf(!canUnsharePids())('a pid that the kernel gave again', () => {
  test('is never signalled for the process that had it before', async () => {
    // A pid namespace of its own: nobody else takes the number, and nobody else's numbers are moved.
    const command = ['--pid', '--fork', '--mount-proc', process.execPath, RECYCLE, temporaryFolder('recycle')];
    const program = runProgram('/usr/bin/unshare', command);
    expect(await program.ended, program.errorOutput()).toBe(0);
    expect(JSON.parse(program.output())).toEqual({
      samePid: true,
      formerAlive: false,
      signalled: true,
      newcomer: 'alive',
    });
  });
});
