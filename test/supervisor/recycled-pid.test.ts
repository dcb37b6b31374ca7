import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { canUnsharePids } from '../kit/privilege.ts';
import { runProgram } from '../kit/program.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { serverOptions } from './supervised.ts';

const LAUNCHERS = join(import.meta.dirname, '../programs/children/recycled-server.ts');

describe.skipIf(!canUnsharePids())('the pid of a dead server, given to a stranger', () => {
  test('is neither adopted nor stopped nor in the way of a start', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder('recycled-server');
    const port = await freePort();
    for (const name of ['bundle', 'state']) mkdirSync(join(folder, name));
    const optionsFile = join(folder, 'options.json');
    writeFileSync(optionsFile, JSON.stringify(serverOptions(folder, port, ['--port', String(port)])));
    const command = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, LAUNCHERS, optionsFile];
    const program = runProgram('/usr/bin/unshare', command);
    expect(await program.ended, program.errorOutput()).toBe(0);
    expect(JSON.parse(program.output())).toEqual({
      samePid: true,
      adopted: 'none',
      anotherServer: true,
      adoptedAgain: true,
      stopped: true,
      serverGone: true,
      stranger: 'alive',
    });
  });
});
