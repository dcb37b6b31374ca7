import { pathsOf } from '../../configuration/places.ts';
import { installService, serviceStatus, uninstallService } from '../../service/install-service.ts';
import type { ServiceContext, ServiceEntry, ServiceStatus } from '../../service/service.ts';
import { say } from '../../texts/messages.ts';
import type { VerbContext } from '../context.ts';
import { optional } from '../definition.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { longestStopMs } from '../../../supervisor/stop-budget.ts';
import { serviceName } from '../../service/service-name.ts';
import { stopShortfall } from '../../service/stop-limit.ts';
import { shortfallText } from '../../texts/describe.ts';

export async function installLauncherService(
  context: VerbContext,
  { takeOver }: RequestOf<'service install'>,
): Promise<number> {
  const { voice } = context;
  const { language } = voice;
  const report = await installService(serviceContext(context), entryOf(context), optional('takeOver', takeOver));
  if (!report.ok) return voice.fault(report.fault);
  const { name, change, file, startCommand } = report.value;
  voice.lines([`${name}: ${change}${file === undefined ? '' : ` (${file})`}`]);
  voice.object(report.value);
  await remarkOnInstalled(context, name);
  voice.verdict(
    change === 'unchanged'
      ? say(language, 'verdict.done')
      : say(language, 'cli.service-start', { command: startCommand.join(' ') }),
  );
  return EXIT.done;
}

export async function uninstallLauncherService(
  context: VerbContext,
  { name }: RequestOf<'service uninstall' | 'service status'>,
): Promise<number> {
  const { voice, loaded } = context;
  const service = name ?? serviceName(loaded.configuration);
  const removed = await uninstallService(serviceContext(context), service);
  if (!removed.ok) return voice.fault(removed.fault);
  voice.object({ name: service, removed: true });
  voice.verdict(say(voice.language, 'verdict.done'));
  return EXIT.done;
}

export async function showServiceStatus(
  context: VerbContext,
  { name }: RequestOf<'service uninstall' | 'service status'>,
): Promise<number> {
  const { voice, loaded } = context;
  const service = name ?? serviceName(loaded.configuration);
  const status = await serviceStatus(serviceContext(context), service);
  if (!status.ok) return voice.fault(status.fault);
  voice.object({ name: service, ...status.value });
  remarkOnLimit(context, status.value);
  voice.verdict(`${service}: ${describe(context, status.value)}`);
  return status.value.kind === 'installed' && status.value.running ? EXIT.done : EXIT.serverNotRunning;
}

/** A service that was taken over keeps the limits that its maker gave it. */
async function remarkOnInstalled(context: VerbContext, name: string): Promise<void> {
  const status = await serviceStatus(serviceContext(context), name);
  if (status.ok) remarkOnLimit(context, status.value);
}

function remarkOnLimit({ voice, loaded }: VerbContext, status: ServiceStatus): void {
  const shortfall = stopShortfall(loaded.configuration.server.stop, status);
  if (shortfall !== undefined) voice.remark(shortfallText(shortfall, voice.language));
}

function describe({ voice }: VerbContext, status: ServiceStatus): string {
  switch (status.kind) {
    case 'absent':
      return say(voice.language, 'cli.service-absent');
    case 'foreign':
    case 'installed':
      return status.detail;
  }
}

function serviceContext({ platform, loaded }: VerbContext): ServiceContext {
  return { ...platform, stateFolder: loaded.configuration.stateFolder };
}

function entryOf({ platform, loaded }: VerbContext): ServiceEntry {
  const { configuration } = loaded;
  const { machine } = platform;
  return {
    name: serviceName(configuration),
    description: `OM Launcher (${configuration.name})`,
    command: [...machine.self, 'run', '--config', configuration.file],
    workingDirectory: pathsOf(machine).dirname(configuration.file),
    stopSeconds: Math.ceil(longestStopMs(configuration.server.stop) / 1000),
  };
}
