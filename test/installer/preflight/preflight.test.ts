import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PreflightDependencies, PreflightSubject } from '../../../installer/preflight/check.ts';
import { clearProbes, probeName } from '../../../installer/preflight/probe-folder.ts';
import { unfinishedName } from '../../../platform/unfinished-writes.ts';
import { PREFLIGHT_CHECKS, runPreflight } from '../../../installer/preflight/run-preflight.ts';
import { namesVersion, smokeTest } from '../../../installer/preflight/smoke-test.ts';
import { formatBytes, spaceDemands } from '../../../installer/preflight/space.ts';
import { checkStagedBundle } from '../../../installer/preflight/staged-bundle.ts';
import type { Release } from '../../../installer/release.ts';
import type { Clock } from '../../../platform/clock.ts';
import { openPlatform } from '../../../platform/current.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import { canMountOverlay, mountOverlay, unmountOverlay } from '../../kit/privilege.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { writeBundle } from '../carry-over/bundle-tree.ts';

/** Loudly left out where the machine lacks something; in CI it has to be there. */
function notRun(skip: (note: string) => void, needs: string): void {
  process.stderr.write(`not run: needs ${needs}\n`);
  if (process.env['CI'] === 'true') throw new Error(`not run: needs ${needs}`);
  skip(`not run: needs ${needs}`);
}

const platform = openPlatform();
/** Waits of the checks pass at once. */
const hastyClock: Clock = { ...platform.clock, sleep: (_, signal) => platform.clock.sleep(1, signal) };
const ROOT = platform.machine.elevated && process.platform === 'linux';

/** An Office Maker folder with a bundle in it, all as it should be. */
function subjectIn(folder = temporaryFolder('preflight')): PreflightSubject {
  const bundle = join(folder, 'OM Finance');
  mkdirSync(bundle, { recursive: true });
  return {
    folder,
    bundle,
    old: `${bundle}_old`,
    staging: join(folder, '.staging/update-1'),
    space: [{ purpose: 'the release', path: join(folder, '.staging'), bytes: 1_000_000, files: 10 }],
    server: { kind: 'up', since: 0, process: { pid: 1, startTime: '', bootId: '' } },
    backupRunning: false,
    versionNamed: false,
    launcherVersion: '1.4.0',
  };
}

function releaseOf(change: Partial<Release>): Release {
  const file = { path: 'x', length: 10, sha256: '' };
  return {
    product: 'finance',
    platform: platform.machine.platform,
    channel: 'stable',
    version: '2.0',
    dataFormat: '1',
    notes: {},
    unpackedBytes: 20,
    files: 3,
    publishedAt: '2026-01-01T00:00:00Z',
    manifest: file,
    pack: file,
    ...change,
  };
}

/** The faults of all checks: `name: code`. */
async function faults(
  subject: PreflightSubject,
  change: Partial<PreflightDependencies> = {},
): Promise<readonly string[]> {
  const { lines } = await runPreflight({ ...platform, clock: hastyClock, ...change }, subject);
  expect(lines).toHaveLength(PREFLIGHT_CHECKS.length);
  return lines.flatMap(({ check, fault }) => (fault === undefined ? [] : [`${check}: ${fault.code}`]));
}

test('a machine that is fit passes every check, and nothing is left behind', async () => {
  const subject = subjectIn();
  const report = await runPreflight(platform, subject);
  expect(report.fault).toBeUndefined();
  expect(report.lines.map(({ check, ok }) => [check, ok])).toEqual(PREFLIGHT_CHECKS.map(({ name }) => [name, true]));
  expect(readdirSync(subject.folder)).toEqual(['OM Finance']);
});

describe('what is not fit is told, all of it', () => {
  test.each<[string, (subject: PreflightSubject) => PreflightSubject, readonly string[]]>([
    // The update itself waits for its end, before it warns anybody.
    ['a backup runs', (s) => ({ ...s, backupRunning: true }), []],
    [
      'the server starts',
      (s) => ({ ...s, server: { kind: 'starting', since: 0, deadline: 1 } }),
      ['server: server-not-ready'],
    ],
    [
      'too little room',
      (s) => ({ ...s, space: [{ purpose: 'x', path: s.staging, bytes: 1e18 }] }),
      ['space: space-short'],
    ],
    [
      'too few inodes',
      (s) => ({ ...s, space: [{ purpose: 'x', path: s.staging, bytes: 1, files: 1e15 }] }),
      ['space: space-short'],
    ],
    ['two demands that only together are too much', (s) => twoDemands(s), ['space: space-short']],
    ['the bundle lies elsewhere', (s) => ({ ...s, folder: join(s.folder, 'OM Finance') }), ['bundle: path-refused']],
    [
      'installed already',
      (s) => ({ ...s, release: releaseOf({}), installedVersion: '2.0' }),
      ['release: nothing-to-do'],
    ],
    [
      'older than installed',
      (s) => ({ ...s, release: releaseOf({}), installedVersion: '2.1' }),
      ['release: downgrade-refused'],
    ],
    ['older, but named', (s) => ({ ...s, release: releaseOf({}), installedVersion: '2.1', versionNamed: true }), []],
    [
      'out of reach',
      (s) => ({ ...s, release: releaseOf({ from: '1.5' }), installedVersion: '1.4' }),
      ['release: release-out-of-reach'],
    ],
    [
      'for a newer launcher',
      (s) => ({ ...s, release: releaseOf({ minClient: '1.4.1' }) }),
      ['release: launcher-too-old'],
    ],
    [
      'for an older launcher, though named',
      (s) => ({ ...s, release: releaseOf({ maxClient: '1.3' }), versionNamed: true }),
      ['release: launcher-too-new'],
    ],
    ['for just this launcher', (s) => ({ ...s, release: releaseOf({ minClient: '1.4', maxClient: '1.4.0' }) }), []],
    ['for another machine', (s) => ({ ...s, release: releaseOf({ platform: 'vax' }) }), ['release: wrong-target']],
    [
      'two things at once',
      (s) => ({
        ...s,
        server: {
          kind: 'stopping',
          since: 0,
          process: { pid: 1, startTime: '1', bootId: 'b' },
          rung: 'kill',
          rungDeadline: 1,
        },
        space: [{ purpose: 'x', path: s.staging, bytes: 1e18 }],
      }),
      ['server: server-not-ready', 'space: space-short'],
    ],
  ])('%s', async (_, change, expected) => expect(await faults(change(subjectIn()))).toEqual(expected));

  test('the bundle is a link', async () => {
    const subject = subjectIn();
    rmSync(subject.bundle, { recursive: true });
    mkdirSync(join(subject.folder, 'real'));
    symlinkSync('real', subject.bundle);
    expect(await faults(subject)).toEqual(['bundle: path-refused']);
  });

  test('the bundle is missing', async () => {
    const subject = subjectIn();
    rmSync(subject.bundle, { recursive: true });
    expect(await faults(subject)).toEqual(['bundle: bundle-missing']);
  });

  test('the whole folder is missing, and is not made', async () => {
    const subject = subjectIn(join(temporaryFolder('preflight')));
    rmSync(subject.folder, { recursive: true });
    expect(await faults(subject)).toContain('folder: folder-missing');
    const report = await runPreflight(platform, subject);
    expect(report.fault).toMatchObject({ path: subject.folder, account: platform.machine.account });
    expect(await platform.files.facts(subject.folder)).toEqual({ ok: true, value: undefined });
  });

  test('the name of the old version is taken', async () => {
    const subject = subjectIn();
    writeFileSync(subject.old, '');
    expect(await faults(subject)).toEqual(['previous: already-exists']);
  });
});

/** Each fits, both do not: they are on one volume. */
function twoDemands(subject: PreflightSubject): PreflightSubject {
  const free = Number(
    execFileSync('df', ['--output=avail', '-B1', subject.folder], { encoding: 'utf8' }).split('\n')[1],
  );
  const bytes = Math.round(free * 0.6);
  const [one, other] = [join(subject.folder, 'a'), join(subject.folder, 'b/c')];
  return { ...subject, space: [one, other].map((path) => ({ purpose: path, path, bytes })) };
}

describe('left-over probes of a crashed preflight', () => {
  test('are removed when they are old and hold nothing else', async () => {
    const subject = subjectIn();
    const [old, young, foreign] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'].map((id) =>
      join(subject.folder, `om-launcher-probe-${id}`),
    ) as [string, string, string];
    for (const path of [old, young, foreign]) writeBundle(path, { probe: 'x' });
    writeFileSync(join(foreign, 'precious'), 'x');
    const longAgo = new Date('2026-01-01');
    for (const path of [old, foreign]) utimesSync(path, longAgo, longAgo);
    expect(await faults(subject)).toEqual([]);
    expect(readdirSync(subject.folder)).toEqual([
      'OM Finance',
      'om-launcher-probe-bbbbbbbbbbbb',
      'om-launcher-probe-cccccccccccc',
    ]);
    expect(readdirSync(foreign)).toEqual(['precious']);
  });

  test('go at the next start when they are of this very bundle, and only then', async () => {
    const folder = temporaryFolder('probes');
    const [bundle, other] = [join(folder, 'OM Finance'), join(folder, 'OM Business')];
    const [before, since, after] = [2_000_000, 2_060_000, 2_061_000];
    const write = (name: string, at: number): string => {
      writeBundle(join(folder, name), { probe: 'x' });
      utimesSync(join(folder, name), at / 1_000, at / 1_000);
      return name;
    };
    write(probeName(bundle), before);
    const running = write(probeName(bundle), after);
    const neighbours = write(probeName(other), before);
    const untagged = write('om-launcher-probe-aaaaaaaaaaaa', before);
    const clock = { ...hastyClock, now: () => after };
    expect(await clearProbes({ files: platform.files, clock }, folder, { bundle, since })).toMatchObject({ ok: true });
    expect(readdirSync(folder).sort()).toEqual([running, neighbours, untagged].sort());
  });

  test('go when they are half written, too: their files have the names that a durable write prepares', async () => {
    const folder = temporaryFolder('probes');
    const bundle = join(folder, 'OM Finance');
    const [half, file] = [join(folder, probeName(bundle)), join(folder, probeName(bundle))];
    writeBundle(half, { '.probe.0123456789ab.tmp': 'x' });
    writeFileSync(unfinishedName(file, '0123456789ab'), 'x');
    const clock = { ...hastyClock, now: () => Date.now() + 120_000 };
    const since = clock.now();
    expect(await clearProbes({ files: platform.files, clock }, folder, { bundle, since })).toMatchObject({ ok: true });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('another account', () => {
  const asNobody = (bundle: string): unknown => {
    const script = join(import.meta.dirname, 'as-nobody.ts');
    const ran = spawnSync(process.execPath, [script, bundle], { uid: 65534, gid: 65534, encoding: 'utf8', cwd: '/' });
    return JSON.parse(ran.stdout);
  };
  test.skipIf(!ROOT)('that may not create is named with path and right', () => {
    const subject = subjectIn();
    chmodSync(subject.folder, 0o755);
    expect(asNobody(subject.bundle)).toMatchObject({
      fault: { code: 'rights-missing', path: subject.folder, account: 'nobody', values: { right: 'create folders' } },
    });
  });
  test.skipIf(!ROOT)('that may create, but not rename what belongs to others in a sticky folder', () => {
    const subject = subjectIn();
    chmodSync(subject.folder, 0o1777);
    expect(asNobody(subject.bundle)).toMatchObject({
      fault: { code: 'rights-missing', path: subject.bundle, account: 'nobody', operation: 'rename' },
    });
  });
  test.skipIf(!ROOT)('that may do all of it', () => {
    const subject = subjectIn();
    chmodSync(subject.folder, 0o777);
    expect(asNobody(subject.bundle)).toMatchObject({ ok: true });
    expect(readdirSync(subject.folder)).toEqual(['OM Finance']);
  });
});

/** Mounts a small volume in memory; false where this account may not. */
function mountVolume(point: string, options = 'size=1m'): boolean {
  mkdirSync(point, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'om-launcher-test', point]).status === 0;
  if (mounted) onTestFinished(() => void spawnSync('umount', [point]));
  return mounted;
}

describe('volumes', () => {
  test('staging on another volume', async ({ skip }) => {
    const subject = subjectIn();
    if (!mountVolume(join(subject.folder, '.staging'))) notRun(skip, 'mount');
    expect(await faults(subject)).toContain('same-volume: cross-volume');
    expect(readdirSync(subject.folder)).toEqual(['.staging', 'OM Finance']);
  });
  test('the bundle is a mount point', async ({ skip }) => {
    const subject = subjectIn();
    if (!mountVolume(subject.bundle)) notRun(skip, 'mount');
    expect(await faults(subject)).toEqual(['volume: volume-refused']);
  });
  test.runIf(canMountOverlay())('an image layer holds the bundle, which stays where it is', async () => {
    const root = temporaryFolder('layer');
    const [lower, work, point] = ['lower', 'work', 'merged'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [lower, work, point]) mkdirSync(folder);
    const { bundle } = subjectIn(lower);
    writeFileSync(join(bundle, 'server'), 'whole');
    expect(mountOverlay(point, lower, work)).toBe(true);
    onTestFinished(() => unmountOverlay(point, work));
    const inLayer = { ...subjectIn(join(point, 'other')), folder: point, bundle: join(point, 'OM Finance') };
    expect(
      await faults({ ...inLayer, old: join(point, 'OM Finance_old'), staging: join(point, '.staging/1'), space: [] }),
    ).toEqual(['same-volume: volume-refused']);
    expect(readdirSync(point).sort()).toEqual(['OM Finance', 'other']);
    expect(readdirSync(join(point, 'OM Finance'))).toEqual(['server']);
    // A bundle that was put there later lies in the upper layer and can be swapped.
    const above = subjectIn(join(point, 'above'));
    expect(await faults({ ...above, space: [] })).toEqual([]);
    expect(readdirSync(join(point, 'above'))).toEqual(['OM Finance']);
  });
  test('mounted read-only', async ({ skip }) => {
    const point = join(temporaryFolder('read-only'), 'volume');
    if (!mountVolume(point)) notRun(skip, 'mount');
    const subject = subjectIn(point);
    execFileSync('mount', ['-o', 'remount,ro', point]);
    const found = await faults({ ...subject, space: [] });
    expect(found).toContain('volume: read-only');
    expect(found).toContain('rights: read-only');
  });
  test('programs cannot be run on it', async ({ skip }) => {
    const point = join(temporaryFolder('noexec'), 'volume');
    if (!mountVolume(point, 'size=1m,noexec')) notRun(skip, 'mount');
    expect(await faults({ ...subjectIn(point), space: [] })).toEqual(['antivirus: probe-blocked']);
  });
});

test('an antivirus that takes the probe away', async () => {
  const subject = subjectIn();
  const eater = async (milliseconds: number, signal?: AbortSignal) => {
    for (const name of readdirSync(subject.folder))
      if (name.startsWith('om-launcher-')) rmSync(join(subject.folder, name));
    return platform.clock.sleep(Math.min(milliseconds, 1), signal);
  };
  expect(await faults(subject, { clock: { ...platform.clock, sleep: eater } })).toEqual(['antivirus: probe-blocked']);
});

describe('the repository', () => {
  const withHost = (change: Partial<NonNullable<PreflightSubject['repository']>>): PreflightSubject => ({
    ...subjectIn(),
    repository: { name: '127.0.0.1', port: 1, secure: false, client: {}, ...change },
  });
  const listening = async (answer?: string): Promise<number> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };

  test('answers', async () => expect(await faults(withHost({ port: await listening() }))).toEqual([]));
  test('refuses', async () => expect(await faults(withHost({}))).toEqual(['repository: connection-refused']));
  test('has a name that does not exist', async () => {
    const network = { ...platform.network, resolve: () => Promise.resolve(fail(faultOf('name-not-resolved', 'none'))) };
    expect(await faults(withHost({ name: 'om.invalid' }), { network })).toEqual(['repository: name-not-resolved']);
  });
  test('is tried through TLS', async () => {
    const network = {
      ...platform.network,
      tryTcp: () => Promise.resolve(succeed()),
      tryTls: () => Promise.resolve(fail(faultOf('tls-expired', 'expired'))),
    };
    expect(await faults(withHost({ secure: true }), { network })).toEqual(['repository: tls-expired']);
  });
  test.each([
    ['HTTP/1.1 404 Not Found', []],
    ['HTTP/1.1 407 Proxy Authentication Required', ['repository: proxy-authentication']],
    ['HTTP/1.1 502 Bad Gateway', ['repository: proxy-failed']],
  ])('through a proxy that says %s', async (status, expected) => {
    const port = await listening(`${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    const client = { proxy: { url: `http://127.0.0.1:${port}` } };
    expect(await faults(withHost({ name: 'om.invalid', port: 80, client }))).toEqual(expected);
  });
  test('through a proxy that is not there', async () => {
    const client = { proxy: { url: 'http://127.0.0.1:1' } };
    expect(await faults(withHost({ client }))).toEqual(['repository: proxy-failed']);
  });
});

describe('the smoke test of the staged server', () => {
  const smoke = (script: string, timeoutMs = 10_000) =>
    smokeTest(platform.processes, { command: '/bin/sh', args: ['-c', script], timeoutMs, expectedVersion: '2.1.0' });

  test('says its version', async () => expect(await smoke('echo OM Server v2.1.0.')).toMatchObject({ ok: true }));
  test.each([
    ['another version', 'echo 2.1.0.1'],
    ['nothing', 'true'],
    ['a failure', 'echo 2.1.0; exit 3'],
    ['a crash', 'echo 2.1.0; kill -SEGV $$'],
  ])('fails on %s', async (_, script) => {
    expect(await smoke(script)).toMatchObject({ fault: { code: 'smoke-failed', path: '/bin/sh' } });
  });
  test('fails on silence', async () => {
    expect(await smoke('sleep 30', 100)).toMatchObject({
      fault: { code: 'smoke-failed', cause: { code: 'timed-out' } },
    });
  });
  test.each([
    ['1.2', '1.2', true],
    ['Office Maker (1.2, build 7)', '1.2', true],
    ['version=v1.2\n', '1.2', true],
    ['1.2.3', '1.2', false],
    ['11.2', '1.2', false],
    ['1.2-beta', '1.2', false],
  ])('%j names %s: %s', (output, version, expected) => expect(namesVersion(output, version)).toBe(expected));
});

describe('the staged bundle', () => {
  const installed = {
    'Server Database/OM.4DZ': 'x',
    'Upgrade4DClient/update.win.4darchive': 'x',
    'Upgrade4DClient/update.mac.4darchive': 'x',
  };
  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['complete', installed, true],
    [
      'under other names',
      {
        'Server Database/Neo.4DZ': 'x',
        'Upgrade4DClient/Win64.4darchive': 'x',
        'Upgrade4DClient/MacARM.4darchive': 'x',
      },
      true,
    ],
    ['without structure', { ...installed, 'Server Database/OM.4DZ': '' }, false],
    ['without the Mac archive', { 'Server Database/OM.4DZ': 'x', 'Upgrade4DClient/update.win.4darchive': 'x' }, false],
    ['without any archive', { 'Server Database/OM.4DZ': 'x' }, false],
  ])('%s', async (_, staged, expected) => {
    const folder = temporaryFolder('staged');
    const [one, other] = [writeBundle(join(folder, 'a'), installed), writeBundle(join(folder, 'b'), staged)];
    const checked = await checkStagedBundle(platform.files, { installed: one, staged: other });
    if (expected) expect(checked.ok).toBe(true);
    else expect(checked).toMatchObject({ fault: { code: 'bundle-incomplete' } });
  });
});

test('demands and their units', () => {
  expect(spaceDemands(releaseOf({}), '/s', { folder: '/b', bytes: 5 }).map(({ path, bytes }) => [path, bytes])).toEqual(
    [
      ['/s', 10],
      ['/s', 20],
      ['/b', 5],
    ],
  );
  expect([formatBytes(999), formatBytes(2_100_000_000)]).toEqual(['999 B', '2.1 GB']);
});
