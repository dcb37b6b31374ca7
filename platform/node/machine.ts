import { readdirSync } from 'node:fs';
import { hostname, release, tmpdir, type, userInfo, version } from 'node:os';
import { resolve } from 'node:path';
import { isSea } from 'node:sea';
import type { Machine, OperatingSystem } from '../machine.ts';

/** Reads once what the program knows of the machine and of itself. */
export function readMachine(operatingSystem: OperatingSystem): Machine {
  return {
    operatingSystem,
    platform: `${operatingSystem}-${process.arch}`,
    system: `${type()} ${release()} (${version()})`,
    hostName: hostname(),
    account: accountName(),
    elevated: isElevated(operatingSystem),
    processId: process.pid,
    executable: process.execPath,
    self: ownCommand(),
    environment: { ...process.env },
    temporaryFolder: tmpdir(),
  };
}

/** A container may run under a uid that has no entry in its passwd file. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USERNAME'] ?? process.env['USER'] ?? `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function isElevated(operatingSystem: OperatingSystem): boolean {
  if (operatingSystem !== 'windows') return process.geteuid?.() === 0;
  try {
    // Only administrators and SYSTEM may list the registry's own folder.
    readdirSync(`${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\config`);
    return true;
  } catch {
    return false;
  }
}

/** A single executable is its own command; otherwise node with its options and the script. */
function ownCommand(): readonly string[] {
  const script = process.argv[1];
  if (isSea() || script === undefined) return [process.execPath];
  return [process.execPath, ...process.execArgv, resolve(script)];
}
