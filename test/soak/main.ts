import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROGRAM_FLAGS, RUN_FLAGS } from '../../scripts/executable/engine-flags.ts';
import { makeLauncherProgram } from '../faults/launcher-program.ts';
import { LEAKING } from './control.ts';
import { endProcesses, temporaryOf } from './processes.ts';
import { runSoak } from './run.ts';
import { openSoakSite } from './soak-site.ts';
import { failuresOf, type SoakCounts } from './verdict.ts';

/**
 * `npm run soak [-- --cycles N] [--seed S] [--control] [--json]` (Linux): one machine lives through N orders with kills in between, and is looked
 * at after each. Ends with the counts, and with 1 when something was broken or left, or grew; the machine is kept then.
 */
const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    control: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const INTERRUPTED_STATUS = 130;
const say = (line: string): void => console.log(line);

if (process.platform === 'linux') {
  await soak();
} else {
  say('not run: needs Linux, for its /proc');
  process.exitCode = 1;
}

async function soak(): Promise<void> {
  const cycles = Number(values.cycles);
  if (!Number.isInteger(cycles) || cycles < 1) throw new Error(`--cycles ${values.cycles} is no number of cycles`);
  const base = mkdtempSync(join(tmpdir(), 'om-soak-'));
  const folder = join(base, 'site');
  mkdirSync(folder);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp(base, folder));
  const counts = await play(base, folder, cycles);
  const failures = failuresOf(counts, cycles);
  for (const failure of failures) say(`FAILED  ${failure}`);
  if (failures.length > 0) say(`kept for inspection: ${base}`);
  else rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  say(values.json ? JSON.stringify(counts) : tell(counts));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function play(base: string, folder: string, cycles: number): Promise<SoakCounts> {
  process.env['NODE_COMPILE_CACHE'] = join(base, 'compiled');
  const { launcher } = await makeLauncherProgram(base);
  // Launcher, servers and whatever they start inherit it: nothing of this machine lies or runs elsewhere.
  process.env['TMPDIR'] = temporaryOf(folder);
  const machine = await openSoakSite(folder, [
    process.execPath,
    ...PROGRAM_FLAGS,
    ...RUN_FLAGS,
    ...(values.control ? LEAKING : []),
    launcher,
  ]);
  try {
    return await runSoak(machine, { cycles, seed: Number(values.seed), control: values.control, say });
  } catch (error) {
    say(`kept for inspection: ${base}`);
    throw error;
  } finally {
    await endProcesses(folder);
    await machine.close();
  }
}

/** Ctrl-C: nothing of it goes on running or stays. */
async function giveUp(base: string, folder: string): Promise<void> {
  await endProcesses(folder);
  rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  process.exit(INTERRUPTED_STATUS);
}

function tell(counts: SoakCounts): string {
  return Object.entries(counts)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}
