import { posix, win32 } from 'node:path';
import { faultOf } from '../../../platform/fault.ts';
import type { Files } from '../../../platform/files.ts';
import type { Machine, OperatingSystem } from '../../../platform/machine.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { loadConfiguration } from '../../../launcher/configuration/load.ts';

/** A machine of the given kind, wherever the test runs. */
export function machineOf(
  operatingSystem: OperatingSystem = 'linux',
  environment: Machine['environment'] = {},
): Machine {
  return {
    operatingSystem,
    platform: `${operatingSystem}-x64`,
    system: 'Example 1.0',
    hostName: 'server-1',
    account: 'om',
    elevated: false,
    processId: 1,
    executable: operatingSystem === 'windows' ? 'C:\\OM\\om-launcher.exe' : '/opt/om/om-launcher',
    self: [],
    environment,
    temporaryFolder: '/tmp',
  };
}

type ReadingFiles = Pick<Files, 'readText' | 'facts' | 'list'>;

/** Files that hold the given texts and nothing else; writing is no part of what is tested here. */
export function filesWith(texts: Readonly<Record<string, string>>, paths: typeof posix = posix): Files {
  const reading: ReadingFiles = {
    readText: (path) => {
      const text = texts[path];
      return Promise.resolve(text === undefined ? fail(faultOf('not-found', 'no such file', { path })) : succeed(text));
    },
    facts: (path) => Promise.resolve(succeed(texts[path] === undefined ? undefined : FILE_FACTS)),
    list: (folder) => {
      const below = Object.keys(texts)
        .map((path) => paths.relative(folder, path))
        .filter((path) => !path.startsWith('..'));
      return Promise.resolve(succeed([...new Set(below.map((path) => path.split(paths.sep)[0] ?? ''))].sort()));
    },
  };
  return new Proxy(reading as Files, {
    get: (target, name, receiver): unknown => {
      if (!Reflect.has(target, name)) throw new Error(`the configuration used files.${String(name)}`);
      return Reflect.get(target, name, receiver);
    },
  });
}

const FILE_FACTS = {
  kind: 'file',
  size: 1,
  mode: 0o755,
  owner: 0,
  group: 0,
  modifiedMs: 0,
  changedMs: 0,
  inode: '1',
  device: '1',
  links: 1,
} as const;

/** Loads `text` as `/etc/om/om-launcher.json` (Windows: `C:\OM\om-launcher.json`). */
export async function load(text: string, machine = machineOf(), others: Readonly<Record<string, string>> = {}) {
  const windows = machine.operatingSystem === 'windows';
  const path = windows ? 'C:\\OM\\om-launcher.json' : '/etc/om/om-launcher.json';
  return loadConfiguration(filesWith({ [path]: text, ...others }, windows ? win32 : posix), machine, path);
}

/** The same for a file that must be good. */
export async function loadGood(text: string, machine = machineOf(), others: Readonly<Record<string, string>> = {}) {
  const loaded = await load(text, machine, others);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.fault, undefined, 2));
  return loaded.value;
}
