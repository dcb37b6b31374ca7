import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The content of the stand-in's data file. */
export interface Data {
  readonly format: string;
  readonly records: readonly { readonly user: string; readonly text: string }[];
}

/** An open data file: this process alone has it. */
export interface OpenData {
  read(): Data;
  add(user: string, text: string): void;
  close(): void;
}

/** Why a data file could not be opened: on a real server each of these is a dialog that nobody sees. */
export class DataRefused extends Error {}

export interface ConversionOptions {
  /** The format of this release. */
  readonly format: string;
  readonly durationMs: number;
  readonly hangs: boolean;
  readonly onProgress: (progress: string) => void;
}

const CONVERSION_PARTS = 10;

/** Locks the file, converts it if it is older than this release, and returns it open. Throws `DataRefused`. */
export async function openData(file: string, conversion: ConversionOptions): Promise<OpenData> {
  if (!existsSync(file)) throw new DataRefused(`data file not found: ${file}`);
  lock(file);
  const before = readData(file);
  const order = before.format.localeCompare(conversion.format, 'en', { numeric: true });
  if (order > 0) {
    rmSync(`${file}.lock`);
    throw new DataRefused(`data file has format ${before.format}, newer than ${conversion.format}`);
  }
  if (order < 0) await convert(file, before, conversion);
  return {
    read: () => readData(file),
    add: (user, text) => {
      const data = readData(file);
      replaceData(file, { ...data, records: [...data.records, { user, text }] });
    },
    close: () => rmSync(`${file}.lock`, { force: true }),
  };
}

/** Two servers on the same data would destroy it: the second one notes the violation and refuses. */
function lock(file: string): void {
  const lockFile = `${file}.lock`;
  const mine = `${lockFile}.${process.pid}`;
  const self = identityOf(process.pid) ?? String(process.pid);
  writeFileSync(mine, self);
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (tryLink(mine, lockFile)) return;
      const holder = readFileSync(lockFile, 'utf8');
      const pid = parseInt(holder, 10);
      if (holder !== self && identityOf(pid) === holder) {
        appendFileSync(`${file}.violations`, `${new Date().toISOString()} ${process.pid} met ${pid}\n`);
        throw new DataRefused(`data file is in use by process ${pid}`);
      }
      rmSync(lockFile, { force: true });
    }
    throw new DataRefused('data file could not be locked');
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A link appears with its content or not at all: nobody can read a half-written lock. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * A process's number and, on Linux, when it started: the number alone is given to others again, to threads as well.
 *
 * undefined for a process that is dead, a zombie, or never was.
 */
function identityOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    if (!existsSync('/proc/self')) return String(pid);
    // The name in the second field may hold anything; the state is the first after it, the start the twentieth.
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return state === 'Z' || state === 'X' ? undefined : `${pid} ${fields[18]}`;
  } catch {
    return undefined;
  }
}

async function convert(file: string, before: Data, conversion: ConversionOptions): Promise<void> {
  for (let part = 0; part < CONVERSION_PARTS; part += 1) {
    conversion.onProgress(`converting data ${(part * 100) / CONVERSION_PARTS} %`);
    if (conversion.hangs && part === CONVERSION_PARTS / 2) await new Promise<never>(() => undefined);
    await sleep(conversion.durationMs / CONVERSION_PARTS);
  }
  replaceData(file, { ...before, format: conversion.format });
}

function readData(file: string): Data {
  return JSON.parse(readFileSync(file, 'utf8')) as Data;
}

/** On disk when it returns, as a database's own data is: a power cut is no excuse for it. */
function replaceData(file: string, data: Data): void {
  writeFileSync(`${file}.new`, JSON.stringify(data), { flush: true });
  renameSync(`${file}.new`, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
