import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { supervisorProcesses } from './processes.ts';
import {
  control,
  filesIn,
  type Site,
  startProgram,
  type Supervisor,
  type SupervisorName,
  terminate,
} from './supervisor.ts';

/** Where the programs of the supervisors are. */
export interface Places {
  /** The single executable of the launcher. */
  readonly launcher: string;
  readonly pm2: string;
  readonly floor: string;
}

/** How each supervisor is set up for one child; every one keeps all of the output. */
export const SUPERVISORS: Readonly<Record<SupervisorName, (site: Site, places: Places) => Supervisor>> = {
  ours: (site, { launcher }) => {
    const state = folderIn(site, 'state');
    const logs = folderIn(site, 'logs');
    const file = write(site, 'om-launcher.json', JSON.stringify(configuration(site, state, logs), undefined, 2));
    let root: number | undefined;
    return {
      ...{ name: 'ours', folder: site.folder, port: site.port, root: () => root },
      start: () => {
        root = startProgram(site, launcher, ['run', '--config', file]);
        return Promise.resolve();
      },
      stop: () => terminate(root),
      logFiles: () => filesIn(logs, /^server/),
    };
  },

  pm2: (site, { pm2 }) => {
    const home = folderIn(site, 'home');
    const logs = folderIn(site, 'logs');
    const environment = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' };
    const [command = '', ...args] = site.child;
    const streams = ['-o', path.join(logs, 'out.log'), '-e', path.join(logs, 'error.log')];
    const call = (words: readonly string[]): Promise<void> =>
      control(site, process.execPath, [pm2, ...words], environment);
    return {
      ...{ name: 'pm2', folder: site.folder, port: site.port },
      start: () => call(['start', command, '--name', 'child', '--interpreter', 'none', ...streams, '--', ...args]),
      root: () => pidIn(path.join(home, 'pm2.pid')),
      stop: () => call(['kill']),
      logFiles: () => filesIn(logs),
    };
  },

  supervisord: (site) => {
    const logs = folderIn(site, 'logs');
    const file = write(site, 'supervisord.conf', supervisordConfiguration(site, logs));
    let root: number | undefined;
    return {
      ...{ name: 'supervisord', folder: site.folder, port: site.port, root: () => root },
      start: () => {
        root = startProgram(site, 'supervisord', ['-n', '-c', file]);
        return Promise.resolve();
      },
      stop: () => terminate(root),
      logFiles: () => filesIn(logs),
    };
  },

  runit: (site) => {
    const service = serviceFolder(site, (logs) => {
      writeFileSync(path.join(logs, 'config'), `s${LOG_FILE_BYTES}\nn${LOG_FILES}\n`);
      return `svlogd ${logs}`;
    });
    return {
      ...{ name: 'runit', folder: site.folder, port: site.port },
      start: () => {
        startProgram(site, 'runsv', [service]);
        return Promise.resolve();
      },
      root: () => programIn(site, 'runsv'),
      stop: () => control(site, 'sv', ['-w', '30', 'force-shutdown', service]),
      logFiles: () => filesIn(path.join(site.folder, 'logs'), /^(current|@)/),
    };
  },

  s6: (site) => {
    const service = serviceFolder(site, (logs) => `s6-log n${LOG_FILES} s${LOG_FILE_BYTES} ${logs}`);
    return {
      ...{ name: 's6', folder: site.folder, port: site.port },
      start: () => {
        startProgram(site, 's6-svscan', [path.dirname(service)]);
        return Promise.resolve();
      },
      root: () => programIn(site, 's6-supervise', /\0child\0/),
      stop: async () => {
        await control(site, 's6-svc', ['-wd', '-T', '30000', '-d', service]);
        await control(site, 's6-svscanctl', ['-t', path.dirname(service)]);
      },
      logFiles: () => filesIn(path.join(site.folder, 'logs'), /^(current|@)/),
    };
  },

  node: (site) => bareParent('node', site, [process.execPath, NODE_PARENT]),
  floor: (site, { floor }) => bareParent('floor', site, [floor]),
};

const NODE_PARENT = path.join(import.meta.dirname, 'programs/node-parent.ts');

/** A program that starts the child again and does nothing else. */
function bareParent(name: SupervisorName, site: Site, [program = '', ...first]: readonly string[]): Supervisor {
  let root: number | undefined;
  return {
    ...{ name, folder: site.folder, port: site.port, root: () => root },
    start: () => {
      root = startProgram(site, program, [...first, ...site.child]);
      return Promise.resolve();
    },
    stop: () => terminate(root),
    logFiles: () => [],
  };
}

/** Files of a rotating logger, so many that nothing of a gigabyte is thrown away. */
const LOG_FILE_BYTES = 100_000_000;
const LOG_FILES = 20;

/** With launcher port and probes, as an administrator would run it. */
function configuration(site: Site, stateFolder: string, logs: string): object {
  const [command = '', ...args] = site.child;
  return {
    name: 'bench',
    folder: site.folder,
    bundle: folderIn(site, 'bundle'),
    stateFolder,
    server: { command, args, health: { probes: [{ type: 'tcp', port: site.port }] } },
    port: { listen: '127.0.0.1:0' },
    logs: { folder: logs },
  };
}

function supervisordConfiguration(site: Site, logs: string): string {
  return `[supervisord]
nodaemon=true
logfile=${site.folder}/supervisord.log
pidfile=${site.folder}/supervisord.pid
childlogdir=${site.folder}
[program:child]
command=${site.child.join(' ')}
redirect_stderr=true
stdout_logfile=${logs}/out.log
stdout_logfile_maxbytes=${LOG_FILE_BYTES}
stdout_logfile_backups=${LOG_FILES}
`;
}

/** A service folder of the daemontools family, with a logger beside the child. */
function serviceFolder(site: Site, logger: (logs: string) => string): string {
  const logs = folderIn(site, 'logs');
  const service = folderIn(site, 'services/child');
  mkdirSync(path.join(service, 'log'), { recursive: true });
  script(path.join(service, 'run'), site.child.join(' '));
  script(path.join(service, 'log/run'), logger(logs));
  return service;
}

function script(file: string, command: string): void {
  writeFileSync(file, `#!/bin/sh\nexec ${command} 2>&1\n`);
  chmodSync(file, 0o755);
}

function folderIn(site: Site, name: string): string {
  const folder = path.join(site.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function write(site: Site, name: string, text: string): string {
  const file = path.join(site.folder, name);
  writeFileSync(file, text);
  return file;
}

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The process of the site that runs a program of this name. */
function programIn(site: Site, name: string, commandLine = /./): number | undefined {
  return supervisorProcesses(undefined, site.folder, site.child[0] ?? '').find((pid) => {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    const program = path.basename(words.split('\0')[0] ?? '');
    return program === name && commandLine.test(words);
  });
}
