import { join } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PreflightDependencies, PreflightRun } from './check.ts';
import { probingPlace } from './places.ts';
import { probeName } from './probe-folder.ts';

const RUN_TIMEOUT_MS = 20_000;
/** Scanners look at a new program when it is closed or run; quarantine follows within a moment. */
const QUARANTINE_WAIT_MS = 1_000;
const PROBE_LIMIT_BYTES = 4_096;

/** A harmless program written where the release will be unpacked can be run and stays: no antivirus, no `noexec`. */
export const checkExecutableProbe: PreflightRun = async (dependencies, subject) => {
  const { files } = dependencies;
  const place = await probingPlace(files, subject);
  if (!place.ok) return place;
  const probe = probeFor(dependencies.machine, join(place.value, probeName(subject.bundle)));
  const tried = await tryProbe(dependencies, probe);
  await files.remove(probe.path);
  return tried;
};

interface Probe {
  readonly path: string;
  readonly content: string;
  readonly command: string;
  readonly args: readonly string[];
}

const TOKEN = 'om-launcher probe';

function probeFor({ operatingSystem, environment }: Machine, name: string): Probe {
  if (operatingSystem !== 'windows') {
    return { path: name, content: `#!/bin/sh\necho ${TOKEN}\n`, command: name, args: [] };
  }
  // Windows runs scripts only by their interpreter, named in full so that PATH has no say.
  const path = `${name}.cmd`;
  const command = join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32', 'cmd.exe');
  return { path, content: `@echo ${TOKEN}\r\n`, command, args: ['/d', '/c', path] };
}

async function tryProbe(
  { files, processes, clock, machine }: PreflightDependencies,
  probe: Probe,
): Promise<Result<string>> {
  const blocked = (detail: string, cause?: Fault): Result<never> =>
    fail(faultOf('probe-blocked', detail, { path: probe.path, account: machine.account, ...(cause && { cause }) }));
  const written = await files.writeDurably(probe.path, probe.content, 0o700);
  if (!written.ok) return written.fault.code === 'disk-full' ? written : blocked('cannot be written', written.fault);
  const { command, args } = probe;
  const run = await processes.run({ command, args, timeoutMs: RUN_TIMEOUT_MS });
  if (!run.ok) return blocked('a new program cannot be run here', run.fault);
  const { exit, output } = run.value;
  if (exit.kind !== 'exited' || exit.code !== 0 || !output.includes(TOKEN)) return blocked('a new program was stopped');
  await clock.sleep(QUARANTINE_WAIT_MS);
  const read = await files.readText(probe.path, PROBE_LIMIT_BYTES);
  if (!read.ok) return blocked('a new program was taken away', read.fault);
  if (read.value !== probe.content) return blocked('a new program was changed');
  return succeed('a new program runs and stays');
}
