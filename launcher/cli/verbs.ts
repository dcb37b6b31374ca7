import type { VerbContext } from './context.ts';
import type { RequestOf, VerbName } from './request.ts';
import { runLauncher } from './run.ts';
import { checkConfiguration, showConfiguration, showSchema } from './verbs/configuration.ts';
import { showHistory } from './verbs/history.ts';
import { showLogs } from './verbs/logs.ts';
import { orderRollback, orderUpdate } from './verbs/orders.ts';
import { checkForUpdate, listReleases, showNotes } from './verbs/releases.ts';
import { actOnServer } from './verbs/server-acts.ts';
import { installLauncherService, showServiceStatus, uninstallLauncherService } from './verbs/service.ts';
import { showStatus } from './verbs/status.ts';
import { cancelOrder, postponeOrder } from './verbs/steer.ts';
import { createToken, listTokens, revokeToken } from './verbs/token.ts';

type Act<Verb extends VerbName> = (context: VerbContext, request: RequestOf<Verb>) => Promise<number> | number;

/** What each verb does once the configuration is good enough; gives the exit status. Total by type. */
export const ACTS: { readonly [Verb in VerbName]: Act<Verb> } = {
  run: runLauncher,
  status: showStatus,
  check: checkForUpdate,
  update: orderUpdate,
  cancel: cancelOrder,
  postpone: postponeOrder,
  rollback: orderRollback,
  releases: listReleases,
  start: actOnServer,
  stop: actOnServer,
  restart: actOnServer,
  history: showHistory,
  logs: showLogs,
  notes: showNotes,
  'config check': ({ voice, loaded }) => checkConfiguration(voice, { ok: true, value: loaded }),
  'config show': ({ voice, loaded }) => showConfiguration(voice, { ok: true, value: loaded }),
  'config schema': ({ voice }) => showSchema(voice),
  'service install': installLauncherService,
  'service uninstall': uninstallLauncherService,
  'service status': showServiceStatus,
  'token create': createToken,
  'token list': listTokens,
  'token revoke': revokeToken,
};
