import type { HttpClient } from '../../platform/network.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { type ApiTarget, call, callEmpty } from './api-request.ts';
import { followEvents, type FollowOptions } from './event-reader.ts';
import {
  CheckAnswer,
  type EventView,
  HistoryAnswer,
  type LocalUpdateOrder,
  NoticesAnswer,
  OrderAnswer,
  ReleasesAnswer,
  type RollbackOrder,
  TryAnswer,
} from './messages.ts';
import {
  type HistoryView,
  type NoticeView,
  type ReleaseView,
  StatusView,
  type UpdateOrder,
  UpdateView,
} from './schemas.ts';

/** The launcher port as its clients see it: CLI, tests, scripts. */
export interface ApiClient {
  status(): Promise<Result<StatusView>>;
  releases(): Promise<Result<readonly ReleaseView[]>>;
  check(): Promise<Result<CheckAnswer>>;
  history(limit?: number): Promise<Result<readonly HistoryView[]>>;
  notices(since?: string): Promise<Result<readonly NoticeView[]>>;
  /** `fromFile` only through the local channel. */
  orderUpdate(order: UpdateOrder | LocalUpdateOrder): Promise<Result<OrderAnswer>>;
  tryUpdate(order: UpdateOrder | LocalUpdateOrder): Promise<Result<TryAnswer>>;
  orderRollback(order: RollbackOrder): Promise<Result<OrderAnswer>>;
  update(id: string): Promise<Result<UpdateView>>;
  cancelUpdate(id: string): Promise<Result<void>>;
  postponeUpdate(id: string, seconds?: number): Promise<Result<void>>;
  continueUpdate(id: string): Promise<Result<void>>;
  serverAct(act: 'start' | 'stop' | 'restart'): Promise<Result<void>>;
  /** Events from now or after `lastId`, resumed over breaks; ends with a fault or at `signal`. */
  follow(options: FollowOptions): AsyncIterable<Result<EventView>>;
}

/** The repository is asked over the network. */
const CHECK_MS = 120_000;
/** Preflight tries rights, space and the repository in place. */
const TRY_MS = 300_000;
/** The server's own start or stop may take as long as its configuration lets it. */
const SERVER_ACT_MS = 3_600_000;

/** A client over `httpClient` (TCP, or the local channel by its `socketPath` option); every answer is checked by its schema. */
export function createApiClient(
  httpClient: HttpClient,
  baseUrl: string,
  authorization?: string,
  language?: string,
): ApiClient {
  const target: ApiTarget = {
    httpClient,
    baseUrl,
    ...(authorization === undefined ? {} : { authorization }),
    ...(language === undefined ? {} : { language }),
  };
  const updatePath = (id: string, act = '') => `/v1/updates/${encodeURIComponent(id)}${act}`;
  return {
    status: () => call(target, { method: 'GET', path: '/v1/status' }, StatusView),
    releases: async () =>
      pick(await call(target, { method: 'GET', path: '/v1/releases' }, ReleasesAnswer), (answer) => answer.releases),
    check: () => call(target, { method: 'GET', path: '/v1/check', headTimeoutMs: CHECK_MS }, CheckAnswer),
    history: async (limit = 50) =>
      pick(
        await call(target, { method: 'GET', path: `/v1/history?limit=${limit}` }, HistoryAnswer),
        (answer) => answer.history,
      ),
    notices: async (since) => {
      const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
      const answer = await call(target, { method: 'GET', path: `/v1/notices${query}` }, NoticesAnswer);
      return pick(answer, ({ notices }) => notices);
    },
    orderUpdate: (order) => call(target, { method: 'POST', path: '/v1/updates', body: order }, OrderAnswer),
    tryUpdate: (order) =>
      call(target, { method: 'POST', path: '/v1/updates?dryRun=1', body: order, headTimeoutMs: TRY_MS }, TryAnswer),
    orderRollback: (order) => call(target, { method: 'POST', path: '/v1/rollback', body: order }, OrderAnswer),
    update: (id) => call(target, { method: 'GET', path: updatePath(id) }, UpdateView),
    cancelUpdate: (id) => callEmpty(target, { method: 'DELETE', path: updatePath(id) }),
    postponeUpdate: (id, seconds) =>
      callEmpty(target, {
        method: 'POST',
        path: updatePath(id, '/postpone'),
        body: seconds === undefined ? {} : { seconds },
      }),
    continueUpdate: (id) => callEmpty(target, { method: 'POST', path: updatePath(id, '/continue'), body: {} }),
    serverAct: (act) =>
      callEmpty(target, { method: 'POST', path: `/v1/server/${act}`, body: {}, headTimeoutMs: SERVER_ACT_MS }),
    follow: (options) => followEvents(target, options),
  };
}

function pick<Whole, Part>(result: Result<Whole>, partOf: (whole: Whole) => Part): Result<Part> {
  return result.ok ? succeed(partOf(result.value)) : result;
}
