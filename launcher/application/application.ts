import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Release } from '../../installer/release.ts';
import type { ReleaseSource } from '../../installer/repository/release-source.ts';
import { orderOf } from '../../installer/update/journal-entry.ts';
import type { Order } from '../../installer/update/order.ts';
import type { OrderProgress } from '../../installer/update/running-order.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import type { StatusView, UpdateView } from '../api/schemas.ts';
import type { ApplicationParts } from './application-parts.ts';
import { languageOf, nameOf, rollbackOrder, updateOrder } from './caller-order.ts';
import { checkNow } from './check-now.ts';
import { checkAddress } from '../mail/address.ts';
import { metricsText } from '../views/metrics.ts';
import { releaseViews } from '../views/release-view.ts';
import { statusView } from '../views/status-view.ts';
import { crashView } from '../views/crash-view.ts';
import { historyView, updateView } from '../views/update-view.ts';

/** A dry run or a check that hangs is ended after this. */
const CHECK_LIMIT_MS = 120_000;

/** The launcher's abilities behind the port; see `Application`. */
export function createApplication(parts: ApplicationParts): Application {
  const { updates, tools, words, feed, board } = parts;
  const view = (progress: OrderProgress, language: Language): UpdateView => updateView(progress, language, words);
  return {
    status: async (language) => ({
      ...(await statusView(parts, await tools.installed.read(), await lastOrder(parts), language)),
      ...(await lastCrash(parts)),
    }),
    releases: async (language) => listReleases(parts, language),
    check: async (language) => checkNow(parts, await readRepository(parts), language),
    async history(language, limit) {
      const journals = await updates.history(limit);
      return journals.flatMap((journal) => historyView(journal, language, words) ?? []);
    },
    async orderUpdate(order, caller) {
      const address = order.notifyEmail === undefined ? succeed('') : checkAddress(order.notifyEmail);
      const taken = address.ok ? await take(parts, updateOrder(parts, order, caller)) : address;
      return taken.ok ? succeed(view(taken.value, languageOf(parts, order.language, caller))) : taken;
    },
    tryUpdate: async (order, caller) =>
      parts.tryOrder(updateOrder(parts, order, caller), AbortSignal.timeout(CHECK_LIMIT_MS)),
    async update(id, language) {
      const found = await updates.find(id);
      return found === undefined ? undefined : view(found, language);
    },
    cancelUpdate: async (id, caller) => updates.cancel(id, nameOf(caller, parts.machine)),
    postponeUpdate: async (id, seconds) => updates.postpone(id, seconds),
    continueUpdate: async (id) => updates.continueEarly(id),
    async orderRollback(order, caller) {
      const address = order.notifyEmail === undefined ? succeed('') : checkAddress(order.notifyEmail);
      const taken = address.ok ? await take(parts, rollbackOrder(parts, order, caller)) : address;
      return taken.ok ? succeed(view(taken.value, languageOf(parts, order.language, caller))) : taken;
    },
    serverAct: async (act) => actOnServer(parts, act),
    notices: (since, language) => board.read(since, language),
    events: (lastId, signal) => feed.read(lastId, signal),
    metrics: () => metricsText(tools.server.state(), tools.server.counts(), updates.running() !== undefined),
    explain: (fault, language) => words.explain(fault, language),
  };
}

async function lastCrash(parts: ApplicationParts): Promise<Pick<StatusView, 'lastCrash'>> {
  const crash = await parts.lastCrash();
  return crash === undefined ? {} : { lastCrash: crashView(crash) };
}

async function lastOrder({ updates }: ApplicationParts): Promise<OrderProgress | undefined> {
  const running = updates.running();
  const [journal] = running === undefined ? await updates.history(1) : [];
  return running ?? (journal === undefined ? undefined : { journal });
}

async function take(parts: ApplicationParts, order: Order): Promise<Result<OrderProgress>> {
  return parts.refusal === undefined ? parts.updates.order(order) : fail(parts.refusal);
}

/** The repository's source, as an update without special wishes would see it. */
async function openRepository(parts: ApplicationParts): Promise<Result<ReleaseSource>> {
  const order = updateOrder(parts, {}, { kind: 'local' });
  return parts.refusal === undefined ? parts.tools.openSource(order) : fail(parts.refusal);
}

/** What is on this machine is always told; what the repository offers, if it can be reached. */
async function listReleases(
  parts: ApplicationParts,
  language: Language,
): Promise<Result<ReturnType<typeof releaseViews>>> {
  const offered = await readRepository(parts);
  const installed = await parts.tools.installed.read();
  return installed.ok
    ? succeed(releaseViews(installed.value, offered.ok ? offered.value : [], parts.inboxOffers(), language))
    : installed;
}

async function readRepository(parts: ApplicationParts): Promise<Result<readonly Release[]>> {
  const source = await openRepository(parts);
  return source.ok ? source.value.refresh(AbortSignal.timeout(CHECK_LIMIT_MS)) : source;
}

async function actOnServer(parts: ApplicationParts, act: 'start' | 'stop' | 'restart'): Promise<Result<void>> {
  const { updates, tools } = parts;
  const running = updates.running();
  if (running !== undefined) {
    const { id } = orderOf(running.journal);
    return fail(faultOf('update-running', `order ${id} is under way`, { values: { updateId: id } }));
  }
  if (act !== 'start') {
    tools.server.hold(faultOf('server-stopped', 'an administrator stopped it'));
    const stopped = await tools.server.stop({ reason: act, startsAgain: act === 'restart' });
    if (!stopped.ok) {
      return stopped;
    }
  }
  if (act === 'stop') {
    return succeed();
  }
  const started = await tools.server.start();
  tools.server.resume();
  return started.ok ? succeed() : started;
}
