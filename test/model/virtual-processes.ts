import { faultOf } from '../../platform/fault.ts';
import { isSameProcess, type ProcessIdentity, type Processes, type SpawnRequest } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { BeforeCall } from './virtual-files.ts';
import { PLACES, PROGRAM_FILES, type VirtualMachine } from './virtual-machine.ts';
import { type Behaviour, VirtualServer } from './virtual-server.ts';

const LAUNCHER_PID = 7;
/** Of a bundle that no release describes: it cannot run. */
const UNABLE: Behaviour = { dataFormat: 9, start: 'exits', startMs: 10, convertMs: 0, stopMs: 0, unkillableMs: 0 };

/** The processes of the virtual machine, as one launcher sees them. */
export function createVirtualProcesses(machine: VirtualMachine, before: BeforeCall): Processes {
  const find = (identity: ProcessIdentity): VirtualServer | undefined =>
    machine.servers.find((server) => server.alive && isSameProcess(server.identity, identity));
  return {
    spawnDetached: async (request) => {
      const code = await before('spawn', request.command);
      // No bundle, no program: the operating system refuses.
      const absent = machine.textAt(request.command) === undefined ? 'not-found' : undefined;
      const refused = code ?? absent;
      return refused === undefined ? succeed(spawn(machine, request)) : fail(faultOf('spawn-failed', refused));
    },
    run: async () => Promise.resolve(fail(faultOf('command-failed', 'the virtual machine has no commands'))),
    identify: async (pid) =>
      Promise.resolve(pid === LAUNCHER_PID ? { pid, startTime: '0', bootId: bootOf(machine) } : undefined),
    isAlive: async (identity) => Promise.resolve(find(identity) !== undefined),
    waitForExit: async (identity, signal) =>
      new Promise((resolve) => {
        const server = find(identity);
        if (server === undefined) resolve({ kind: 'gone' });
        else server.onExit(resolve);
        signal?.addEventListener('abort', () => resolve('aborted'), { once: true });
      }),
    signal: async (identity, name): Promise<Result<void>> => {
      await before(`signal ${name}`, 'the server');
      find(identity)?.signal(name);
      return succeed();
    },
    tree: async (root) => Promise.resolve(find(root) === undefined ? [] : [root]),
    findByNonce: async (nonce) =>
      Promise.resolve(machine.living().flatMap((server) => (server.nonce === nonce ? [server.identity] : []))),
    noncesOf: async () => Promise.resolve(machine.living().map(({ nonce }) => nonce)),
    usage: async (tree) => {
      const busy = tree.some((identity) => find(identity)?.converting === true);
      return Promise.resolve({ processes: tree.length, cpuMs: busy ? machine.clock.passed : 0, residentBytes: 1 });
    },
    portHolders: async () => Promise.resolve(machine.living().map(({ identity }) => identity)),
    tcpPeers: async () => Promise.resolve([]),
    holdersOf: async () => Promise.resolve([]),
    nameOf: async () => Promise.resolve('om-server'),
    accountOf: async () => Promise.resolve('om'),
    portAccounts: async () => Promise.resolve(['om']),
  };
}

function spawn(machine: VirtualMachine, request: SpawnRequest): ProcessIdentity {
  const version = machine.versionAt(PLACES.bundle);
  const { environment } = request;
  const token = machine.textAt(environment['OM_LAUNCHER_TOKEN_FILE'] ?? `${PLACES.stateFolder}/server-child.token`);
  const identity = { pid: machine.nextPid(), startTime: String(machine.clock.passed), bootId: bootOf(machine) };
  const server = new VirtualServer(machine, identity, {
    nonce: environment['OM_LAUNCH_NONCE'] ?? '',
    token: token ?? '',
    version,
    behaviour: machine.behaviours.get(version) ?? UNABLE,
  });
  machine.story(`server ${version} started as ${identity.pid}`);
  if (machine.living().length > 0) machine.violated('one-server', 'a server was started while another one runs');
  if (!machine.behaviours.has(version)) {
    machine.violated('bundle', `a server was started from ${version} (${PROGRAM_FILES.join(', ')})`);
  }
  machine.servers.push(server);
  server.begin();
  return identity;
}

function bootOf(machine: VirtualMachine): string {
  return `boot-${machine.boots}`;
}
