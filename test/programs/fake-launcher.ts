import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request to the fake launcher looked like. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly authorization: string;
  readonly body: unknown;
}

/** A launcher port that accepts everything, hands out queued orders, and remembers what it was told. */
export interface FakeLauncher {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** The bodies of `POST /v1/child/state`, oldest first. */
  states(): readonly { readonly ready: boolean; readonly progress?: string; readonly version: string }[];
  give(order: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

export async function startFakeLauncher(): Promise<FakeLauncher> {
  const requests: SeenRequest[] = [];
  const orders: unknown[] = [];
  const polls: http.ServerResponse[] = [];
  const server = http.createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url: target = '' } = request;
      requests.push({ method, target, authorization: request.headers.authorization ?? '', body });
      if (target.startsWith('/v1/child/orders')) {
        polls.push(response);
        handOut();
      } else if (target === '/v1/tickets') send(response, 200, { ticket: 'ticket-1' });
      else if (target === '/v1/updates') send(response, 202, { id: 'update-1', updateToken: 'follow-1' });
      else if (target.startsWith('/v1/updates/')) send(response, 200, { id: 'update-1', state: 'updated', steps: [] });
      else if (target.startsWith('/v1/notices')) send(response, 200, { notices: [{ id: 'n1', text: 'Save' }] });
      else send(response, 200, {});
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function handOut(): void {
    while (orders.length > 0 && polls.length > 0) {
      const poll = polls.shift();
      if (poll && !poll.destroyed) send(poll, 200, orders.shift());
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    states: () =>
      requests.filter(({ target }) => target === '/v1/child/state').map(({ body }) => body) as ReturnType<
        FakeLauncher['states']
      >,
    give: (order) => {
      orders.push({ id: `order-${requests.length}`, ...order });
      handOut();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  const pieces = (await request.toArray()) as Buffer[];
  const text = Buffer.concat(pieces).toString();
  return text === '' ? undefined : JSON.parse(text);
}

function send(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
