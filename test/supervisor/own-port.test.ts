import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerOptions } from '../../supervisor/server-options.ts';
import { until } from '../kit/until.ts';
import { valueOf } from './outcomes.ts';
import { supervise } from './supervised.ts';

const LONG_MS = 60_000;

const byTcp = (given: ServerOptions): ServerOptions => given;
const byPage = (given: ServerOptions): ServerOptions => {
  const [probe] = given.probes;
  const url = `http://127.0.0.1:${probe?.kind === 'tcp' ? probe.port : 0}/`;
  return { ...given, probes: [{ kind: 'http', url, statuses: [200], timeoutMs: 5_000 }] };
};

test.each([
  ['TCP', byTcp],
  ['HTTP', byPage],
])(
  'a stranger that answers the %s probe in place of an adopted server makes it unwell',
  { timeout: 2 * LONG_MS },
  async (_, probe) => {
    const first = await supervise(['--port', '{port}', '--http', '--deaf-on-signal'], probe);
    const { process: server } = valueOf(await first.control.start());
    await first.control.detach();
    const { control, port, platform } = first.successor();
    expect(await control.adopt()).toEqual(server);
    expect(control.state().kind).toBe('up');
    process.kill(server.pid, 'SIGUSR2');
    await until(async () => (await platform.processes.portHolders(port)).length === 0, 'the free port', LONG_MS);
    const stranger = createServer((_request, answer) => void answer.end('fine')).listen(port, '127.0.0.1');
    onTestFinished(() => void stranger.close());
    const named = { code: 'server-port-taken', values: { port, pid: process.pid } };
    await until(
      () => {
        const state = control.state();
        return state.kind === 'degraded' && state.fault.code === 'server-port-taken';
      },
      'the stranger to be named',
      LONG_MS,
    );
    expect(control.state()).toMatchObject({ process: server, fault: named });
    expect(await control.sampleHealth()).toMatchObject({ ready: false, fault: named });
  },
);
