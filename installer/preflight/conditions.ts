import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import type { Release } from '../release.ts';
import { unfitLauncher } from '../schedule/eligibility.ts';
import { compareVersions } from '../version.ts';
import type { PreflightRun } from './check.ts';

/** What is kept of the version before: told, because the swap will need its name. */
export const checkPrevious: PreflightRun = async ({ files }, { old }) => {
  const facts = await files.facts(old);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return succeed('no earlier version is kept');
  if (facts.value.kind === 'folder') return succeed(`an earlier version is kept at ${old}`);
  return fail(faultOf('already-exists', 'the name for the old version is taken by something else', { path: old }));
};

/** Users are not asked to leave while the server backs its data up; the update waits for its end before it warns them. */
export const checkBackup: PreflightRun = (_, { backupRunning }) =>
  Promise.resolve(
    succeed(backupRunning ? "the server's own backup is running; its end will be waited for" : 'no backup is running'),
  );

/** The server is in a state from which it can be stopped, or is down; a rollback must be possible from every state. */
export const checkServer: PreflightRun = (_, { server }) =>
  Promise.resolve(server === undefined ? succeed('any state will do') : judgeServer(server));

function judgeServer(server: ServerState): Result<string> {
  switch (server.kind) {
    case 'up':
    case 'stopped':
    case 'degraded':
    case 'crashed':
    case 'waiting':
    case 'held':
      return succeed(`the server is ${server.kind}`);
    case 'starting':
      return fail(faultOf('server-not-ready', 'the server is still starting', { values: { state: server.kind } }));
    case 'draining':
    case 'stopping':
      return fail(faultOf('server-not-ready', 'the server is being stopped', { values: { state: server.kind } }));
  }
}

/** The release is meant for this machine, is newer unless a person named it, and can be reached in one step. */
export const checkRelease: PreflightRun = ({ machine }, { release, installedVersion, versionNamed, launcherVersion }) =>
  Promise.resolve(
    release === undefined
      ? succeed('no release chosen yet')
      : (refuseLauncher(release, launcherVersion) ??
          judgeRelease(release, machine.platform, installedVersion, versionNamed)),
  );

/** Also of a version that a person named: an unfit launcher cannot know what it would do wrong. */
function refuseLauncher(release: Release, launcher: string): Result<never> | undefined {
  const unfit = unfitLauncher(release, launcher);
  if (unfit === undefined) return undefined;
  const { code, needed } = unfit;
  const bound = code === 'launcher-too-old' ? 'at least' : 'at most';
  const detail = `${release.version} asks for ${bound} om-launcher ${needed}, and this is ${launcher}`;
  return fail(faultOf(code, detail, { values: { version: release.version, needed, launcher } }));
}

function judgeRelease(
  { version, platform, from }: Release,
  machine: string,
  installed: string | undefined,
  versionNamed: boolean,
): Result<string> {
  if (platform !== machine) {
    const values = { platform, machine };
    return fail(faultOf('wrong-target', `made for ${platform}, this machine is ${machine}`, { values }));
  }
  if (installed === undefined) return succeed(`${version}; the installed version is not known`);
  const order = compareVersions(version, installed);
  const values = { installed, version, ...(from !== undefined && { from }) };
  if (order === 0 && !versionNamed) return fail(faultOf('nothing-to-do', `${version} is installed`, { values }));
  if (order < 0 && !versionNamed) {
    return fail(faultOf('downgrade-refused', `${version} is older than the installed ${installed}`, { values }));
  }
  if (from !== undefined && compareVersions(installed, from) < 0) {
    const detail = `${version} can be reached from ${from} on, and ${installed} is installed`;
    return fail(faultOf('release-out-of-reach', detail, { values }));
  }
  return succeed(`${installed} → ${version}`);
}
