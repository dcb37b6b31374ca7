import { setTimeout as sleep } from 'node:timers/promises';
import type { OmSite } from '../e2e/kit/om-site.ts';
import type { RunningLauncher } from '../e2e/kit/site.ts';

/** Keeps a launcher running, as the machine's service manager does. */
export interface LauncherService {
  /** The launcher of now; it may be dying. */
  current(): RunningLauncher;
  /** SIGKILL, and soon another one. */
  kill(): Promise<void>;
  /** Ends by themselves: each is a defect. */
  readonly ownEnds: readonly string[];
  /** Ends the launcher, server included, and starts no other one. */
  stop(): Promise<void>;
}

/** systemd's own default is 100 ms. */
const PAUSE_MS = 100;
/** Characters of a launcher's last words. */
const WORDS_SHOWN = 1_000;
const STOP_LIMIT_MS = 30_000;

export async function startService(site: OmSite): Promise<LauncherService> {
  let current = await site.startLauncher();
  let stopping = false;
  const ownEnds: string[] = [];
  const killed = new WeakSet<RunningLauncher>();
  const watch = (running: RunningLauncher): void => {
    void running.ended.then(async (how) => {
      if (stopping || killed.has(running)) return;
      ownEnds.push(`the launcher ended by itself (${how}): ${running.output().slice(-WORDS_SHOWN)}`);
      await startNext();
    });
  };
  const startNext = async (): Promise<void> => {
    await sleep(PAUSE_MS);
    if (stopping) return;
    current = site.spawnLauncher();
    watch(current);
  };
  watch(current);
  return {
    current: () => current,
    async kill() {
      killed.add(current);
      current.kill('SIGKILL');
      await current.ended;
      await startNext();
    },
    ownEnds,
    async stop() {
      stopping = true;
      current.kill('SIGTERM');
      const ended = await Promise.race([current.ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
      if (ended === undefined) current.kill('SIGKILL');
      await current.ended;
    },
  };
}
