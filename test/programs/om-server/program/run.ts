import type http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type tls from 'node:tls';
import { openBasePort } from './base-port.ts';
import { behaviour, bundle, options } from './call.ts';
import { DataRefused, openData, type OpenData } from './data-file.ts';
import { type LauncherLink, type Order, startLauncherLink } from './launcher-link.ts';
import { floodLog, forkGrandchild } from './misbehaviour.ts';
import { describeSettings, readCertificate, readIdentity, readUsers } from './release.ts';
import { createSessions } from './sessions.ts';
import { openWebPort } from './web-port.ts';

const identity = readIdentity(bundle);
const version = behaviour.reportsVersion ?? identity.version;

const sessions = createSessions(() => link?.changed());
let link: LauncherLink | undefined;
let data: OpenData | undefined;
let ports: { readonly base: tls.Server; readonly web: http.Server } | undefined;
let progress: string | undefined;
let backupRunning = false;
let quitting = false;

/** From the first line of the log to the open ports. */
export async function runServer(): Promise<void> {
  log(`OM ${identity.product} Server ${identity.version} starts, process ${process.pid}`);
  process.on('SIGTERM', () => void quit('SIGTERM'));
  process.on('SIGINT', () => void quit('SIGINT'));
  if (behaviour.floodsLogMegabytes) floodLog(behaviour.floodsLogMegabytes);
  if (behaviour.forksGrandchildMs) forkGrandchild(behaviour.forksGrandchildMs);
  link = findLauncher();
  await sleep(behaviour.startMs ?? 100);
  data = await openOrDie(options.data ?? path.join(bundle, 'missing.4DD'));
  if (behaviour.neverReady) {
    neverGetReady();
    return;
  }
  if (quitting) return;
  ports = await openPorts(data);
  link?.changed();
  log(`ready: port ${portOf(ports.base)}, web port ${portOf(ports.web)}`);
  if (behaviour.diesAfterReadyMs !== undefined) setTimeout(() => process.exit(42), behaviour.diesAfterReadyMs);
}

function findLauncher(): LauncherLink | undefined {
  const launcherUrl = process.env['OM_LAUNCHER_URL'];
  const tokenFile = process.env['OM_LAUNCHER_TOKEN_FILE'];
  if (behaviour.uncooperative || !launcherUrl || !tokenFile) return undefined;
  return startLauncherLink({
    launcherUrl,
    tokenFile,
    log,
    onOrder: obey,
    report: () => ({
      ready: ports !== undefined && !quitting,
      sessions: sessions.list().map(({ id, user, workstation }) => ({ id, user, workstation })),
      backupRunning,
      ...(progress === undefined ? {} : { progress }),
      version,
    }),
  });
}

/** A headless server that needs a dialog stays for some seconds, and quits. */
async function openOrDie(file: string): Promise<OpenData> {
  try {
    return await openData(file, {
      format: identity.dataFormat,
      durationMs: behaviour.conversionMs ?? 2000,
      hangs: behaviour.hangsOnConversion ?? false,
      onProgress: showProgress,
    });
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    log(`dialog: ${error.message}`);
    await sleep(behaviour.dialogMs ?? 2000);
    process.exit(1);
  } finally {
    progress = undefined;
  }
}

function showProgress(text: string): void {
  progress = text;
  log(text);
  link?.changed();
}

function neverGetReady(): void {
  log('waiting for something that never comes');
  setInterval(() => undefined, 60_000);
}

async function openPorts(opened: OpenData): Promise<{ readonly base: tls.Server; readonly web: http.Server }> {
  const base = await openBasePort({
    port: Number(options.port ?? 0),
    certificate: readCertificate(bundle),
    users: readUsers(bundle),
    sessions,
    data: opened,
    link,
    onBackup: runBackup,
  });
  return { base, web: await openWebPort(Number(options['web-port'] ?? 0), bundle, status) };
}

function status(): unknown {
  return {
    product: identity.product,
    version,
    ready: !quitting,
    processId: process.pid,
    // Tells this start from any other program that answers on the port.
    nonce: process.env['OM_LAUNCH_NONCE'] ?? '',
    userParam: options['user-param'] ?? '',
    dataFormat: identity.dataFormat,
    records: data?.read().records.length ?? 0,
    lostRecords: sessions.lostRecords(),
    sessions: sessions.list().length,
    loginsRefused: sessions.refused(),
    backupRunning,
    ...describeSettings(bundle),
  };
}

function runBackup(milliseconds: number): void {
  backupRunning = true;
  link?.changed();
  setTimeout(() => {
    backupRunning = false;
    link?.changed();
  }, milliseconds);
}

function obey(order: Order): void {
  log(`order ${order.kind}`);
  switch (order.kind) {
    case 'notice':
      sessions.push(`notice ${JSON.stringify(order)}`);
      return;
    case 'refuse-logins':
      sessions.refuse(order.refused);
      return;
    case 'close-sessions':
      sessions.closeAll('closed-by-administrator');
      return;
    case 'quit':
      void quit(order.reason);
      return;
  }
}

/** 4D's own `QUIT 4D`: users out, data closed, then the process ends by itself. */
async function quit(reason: string): Promise<void> {
  if (behaviour.ignoresQuit) {
    log(`ignores quit: ${reason}`);
    return;
  }
  if (quitting) return;
  quitting = true;
  log(`quits: ${reason}`);
  sessions.refuse(true);
  sessions.closeAll('server-quits');
  link?.changed();
  if (behaviour.backsUpAtQuitMs !== undefined) {
    runBackup(behaviour.backsUpAtQuitMs);
    await sleep(behaviour.backsUpAtQuitMs);
  }
  await sleep(behaviour.quitMs ?? 1000);
  data?.close();
  if (behaviour.holdsFilesMs) forkGrandchild(behaviour.holdsFilesMs, path.join(bundle, 'Resources', 'release.json'));
  log('ended');
  process.exit(0);
}

function portOf(server: tls.Server | http.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function log(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}
