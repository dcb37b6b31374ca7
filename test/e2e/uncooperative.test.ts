import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../kit/until.ts';
import { checkSite } from './kit/check-site.ts';
import type { OmSite } from './kit/om-site.ts';
import { demandValue, openScene, type Scene, type SceneOptions, told } from './kit/scene.ts';

const OLD = '2026.1.0';
const NEW = '2026.2.0';
/** Clocks of two processes, and a loaded machine. */
const TOLERANCE_MS = 250;

describe('a server that knows nothing of the launcher', { timeout: 150_000 }, () => {
  it('keeps its users for the whole delay; commands warn them and close what is left', async () => {
    const scene = await openUncooperative();
    const { site, api } = scene;
    const peer = await connectPeer(site);
    // The admin's command reaches the client, which goes.
    onCommand(site, 'close', () => peer.destroy());
    const orderedAt = Date.now();
    const { id } = demandValue(await api.orderUpdate({ delaySeconds: 3 }));
    const end = await scene.settled(id);
    expect(end, told(scene.journal())).toMatchObject({ state: 'updated' });
    const [warned, ...others] = commandsOf(site);
    expect(warned).toMatchObject({ kind: 'warn', secondsLeft: '3', language: 'fr' });
    expect(warned?.text).toContain('nregistre');
    expect(others.at(-1)).toMatchObject({ kind: 'close' });
    expect((others.at(-1)?.at ?? 0) - orderedAt).toBeGreaterThan(3_000 - TOLERANCE_MS);
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
  });

  it('is stopped at once when the last peer has left', async () => {
    const scene = await openUncooperative();
    const { site, api } = scene;
    const peer = await connectPeer(site);
    const { id } = demandValue(await api.orderUpdate({ delaySeconds: 600 }));
    await scene.reached('began', 'drain');
    await until(async () => demandValue(await api.status()).users === 1, 'the peer to be counted');
    peer.destroy();
    expect((await scene.settled(id)).state, told(scene.journal())).toBe('updated');
    expect(commandsOf(site).map(({ kind }) => kind)).toEqual(['warn']);
    await checkSite(site, { version: NEW, kept: OLD, outcomes: ['updated'] });
  });
});

/** A cooperating server's probes, sessions and port are all that is missing. */
async function openUncooperative(): Promise<Scene> {
  const options: SceneOptions = {
    behaviour: { startMs: 0, quitMs: 20, dialogMs: 50, uncooperative: true },
    health: { probes: [{ type: 'tcp' }, { type: 'http', url: 'http://127.0.0.1/status' }] },
    configuration: { language: 'fr' },
  };
  const scene = await openScene(options);
  const { site } = scene;
  const tool = join(site.folder, 'tool.mjs');
  writeFileSync(tool, TOOL);
  const configuration = JSON.parse(readFileSync(site.configFile, 'utf8')) as { server: Record<string, unknown> };
  const command = (kind: string): readonly string[] => [
    process.execPath,
    tool,
    join(site.folder, 'commands'),
    kind,
    '{text}',
    '{seconds}',
    '{language}',
  ];
  const { server } = configuration;
  const health = server['health'] as Record<string, unknown>;
  health['probes'] = [
    { type: 'tcp', port: site.serverPort },
    { type: 'http', url: `http://127.0.0.1:${site.webPort}/status` },
  ];
  writeFileSync(
    site.configFile,
    JSON.stringify({
      ...configuration,
      server: {
        ...server,
        sessions: { warnCommand: command('warn'), closeCommand: command('close') },
      },
    }),
  );
  await site.release(NEW);
  await scene.start();
  return scene;
}

/** What an admin's own script might do. */
const TOOL = `import { appendFileSync } from 'node:fs';
const [file, kind, text, secondsLeft, language] = process.argv.slice(2);
appendFileSync(file, JSON.stringify({ kind, text, secondsLeft, language, at: Date.now() }) + '\\n');
`;

interface RanCommand {
  readonly kind: string;
  readonly text: string;
  readonly secondsLeft: string;
  readonly language: string;
  readonly at: number;
}

function commandsOf({ folder }: OmSite): readonly RanCommand[] {
  const file = join(folder, 'commands');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as RanCommand);
}

function onCommand(site: OmSite, kind: string, act: () => void): void {
  const timer = setInterval(() => {
    if (!commandsOf(site).some((command) => command.kind === kind)) return;
    clearInterval(timer);
    act();
  }, 50);
  onTestFinished(() => clearInterval(timer));
}

/** A client of which the launcher can see nothing but its connection. */
async function connectPeer({ serverPort }: OmSite): Promise<Socket> {
  const socket = connect(serverPort, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}
