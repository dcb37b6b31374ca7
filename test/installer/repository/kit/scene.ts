import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../../platform/clock.ts';
import { openPlatform } from '../../../../platform/current.ts';
import type { Fault } from '../../../../platform/fault.ts';
import type { Files } from '../../../../platform/files.ts';
import type { Network } from '../../../../platform/network.ts';
import type { Result } from '../../../../platform/result.ts';
import {
  createReleaseSource,
  type OpenReleaseSource,
  type ReleaseSourceOptions,
} from '../../../../installer/repository/signed-repository.ts';
import { createRecordingLog } from '../../../kit/recording-log.ts';
import { temporaryFolder } from '../../../kit/temporary-folder.ts';
import type { TestRepository } from './tuf-repository.ts';

export const NOW = Date.UTC(2026, 5, 1, 12);
export const DAY = 86_400_000;
/** Pauses are this much shorter than the source believes: its ladders are climbed in milliseconds. */
const HASTE = 60;

/** A machine that asks a repository for releases. */
export interface Scene {
  readonly folder: string;
  readonly stateFolder: string;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly clock: HastyClock;
  readonly files: Files;
  open(location: string, options?: Partial<ReleaseSourceOptions>, replaced?: Replaced): OpenReleaseSource;
  /** Every file of the state folder with its content. */
  state(): Record<string, string>;
}

interface Replaced {
  readonly clock?: Clock;
  readonly files?: Files;
  readonly network?: Network;
}

export interface HastyClock extends Clock {
  set(now: number): void;
}

export function createScene(repository: TestRepository): Scene {
  const platform = openPlatform();
  const folder = temporaryFolder('repository');
  const stateFolder = join(folder, 'state');
  mkdirSync(stateFolder);
  const log = createRecordingLog();
  const clock = createHastyClock();
  return {
    folder,
    stateFolder,
    log,
    clock,
    files: platform.files,
    open: (location, options = {}, replaced = {}) => {
      const dependencies = { clock, log, files: platform.files, network: platform.network, ...replaced };
      const { product, channel, firstRoot } = repository;
      const base = { location, product, channel, platform: 'linux-x64', stateFolder, root: firstRoot };
      const source = succeeded(createReleaseSource(dependencies, { ...base, ...options }));
      onTestFinished(() => source.close());
      return source;
    },
    state: () => readState(stateFolder),
  };
}

export function createHastyClock(): HastyClock {
  let now = NOW;
  return {
    set: (next) => {
      now = next;
    },
    now: () => now,
    monotonic: () => performance.now(),
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve('aborted');
          return;
        }
        const onAbort = (): void => {
          clearTimeout(timer);
          resolve('aborted');
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve('elapsed');
        }, milliseconds / HASTE);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

/** The value, or a failed test that shows the fault. */
export function succeeded<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}

/** The fault, or a failed test. */
export function refused(result: Result<unknown>): Fault {
  if (result.ok) throw new Error('was expected to be refused');
  return result.fault;
}

function readState(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'latin1')];
    }),
  );
}
