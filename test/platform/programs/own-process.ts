import { writeFileSync } from 'node:fs';
import { openPlatform } from '../../../platform/current.ts';
import { openOwnProcess } from '../../../platform/node/own-process.ts';

const own = openOwnProcess();
const { machine, clock } = openPlatform();
const [act = '', argument = ''] = own.args;

own.onUncaught((error) => {
  own.errorOutput.write(String(error));
  own.exit(70);
});

switch (act) {
  case 'describe': {
    const { self, account, platform } = machine;
    const description = { args: own.args, self, account, platform, isTerminal: own.output.isTerminal };
    own.output.write(JSON.stringify(description));
    break;
  }
  case 'wait': {
    const stop = new AbortController();
    own.onStopRequest((request) => {
      own.output.write(`asked to ${request}\n`);
      stop.abort();
    });
    own.output.write('ready\n');
    await clock.sleep(60_000, stop.signal);
    own.setExitCode(5);
    // The stop handlers would keep nothing alive: the process ends by itself.
    break;
  }
  case 'throw':
    setImmediate(() => {
      throw new Error('a bug');
    });
    await clock.sleep(60_000);
    break;
  case 'reject':
    void Promise.reject(new Error('a bug'));
    await clock.sleep(60_000);
    break;
  case 'chatter':
    for (let line = 0; line < 200; line += 1) {
      own.output.write('x'.repeat(10_000) + '\n');
      await clock.sleep(1);
    }
    writeFileSync(argument, 'done');
    break;
  default:
    own.setExitCode(64);
}
