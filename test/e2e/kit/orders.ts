import { setTimeout } from 'node:timers/promises';
import { type ApiClient, createApiClient } from '../../../launcher/api/client.ts';
import type { OrderAnswer } from '../../../launcher/api/messages.ts';
import type { StatusView, UpdateView } from '../../../launcher/api/schemas.ts';
import { findSocket } from '../../../launcher/api/socket-path.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import { demand } from './site.ts';

/** Each look costs the launcher a view of the whole order. */
const LOOK_EACH_MS = 250;

/** The launcher of a site through its local admin channel. */
export interface AdminChannel {
  readonly client: ApiClient;
  status(): Promise<StatusView>;
  /** Waits until the order that is given has settled. */
  settle(order: Promise<Result<OrderAnswer>>, limitMs: number): Promise<UpdateView>;
  close(): Promise<void>;
}

export async function openAdminChannel(stateFolder: string): Promise<AdminChannel> {
  const { files, machine, network } = openPlatform();
  const socketPath = demand(await findSocket(files, machine, stateFolder));
  const httpClient = network.httpClient({ socketPath });
  const client = createApiClient(httpClient, 'http://localhost', undefined, 'en');
  return {
    client,
    status: async () => demand(await client.status()),
    async settle(order, limitMs) {
      const { id } = demand(await order);
      const deadline = performance.now() + limitMs;
      for (;;) {
        const view = demand(await client.update(id));
        if (view.state !== 'running' && view.state !== 'scheduled') return view;
        if (performance.now() > deadline) throw new Error(`the order has not settled: ${JSON.stringify(view)}`);
        await setTimeout(LOOK_EACH_MS);
      }
    },
    close: async () => httpClient.close(),
  };
}
