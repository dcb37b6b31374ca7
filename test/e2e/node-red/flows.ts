import { Agent, request } from 'undici';
import { LOCAL_CHANGES } from './bundle.ts';

/** The customer's flows, and Node-RED as a client of its port sees it. */

const PATIENCE_MS = 5_000;

/** A client that trusts the customer's certificate and no other, so that every answer also proves the TLS pair. */
export function customersAgent(options: Agent.Options = {}): Agent {
  const ca = LOCAL_CHANGES['cert.pem'];
  return new Agent({
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
    ...options,
    connect: { ca, timeout: PATIENCE_MS, checkServerIdentity: () => undefined },
  });
}

/** What the flow answers: the running version and the customer's name are from the settings. */
export interface Answer {
  readonly version: string;
  readonly customer: string;
}

/** Deploys the customer's flows through Node-RED's own admin API, as its editor does. */
export async function deployFlows(base: string, agent: Agent, partner: string): Promise<void> {
  const { statusCode, body } = await request(`${base}/flows`, {
    dispatcher: agent,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'node-red-api-version': 'v2',
      'node-red-deployment-type': 'full',
    },
    body: JSON.stringify({ flows: flowsWith(partner) }),
  });
  const answer = await body.text();
  if (statusCode !== 200) {
    throw new Error(`Node-RED refused the flows: ${statusCode} ${answer}`);
  }
}

/** Of `GET /order`: a flow of http in, function and http response. */
export async function askFlow(base: string, agent: Agent, headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, body } = await request(`${base}/order`, { dispatcher: agent, headers });
  const text = await body.text();
  if (statusCode !== 200) {
    throw new Error(`the flow answered ${statusCode}`);
  }
  return JSON.parse(text) as Answer;
}

/** Of `GET /partner`: the flow asks another server with its stored credentials, and passes the answer on. */
export async function askPartner(base: string, agent: Agent): Promise<string> {
  const { body } = await request(`${base}/partner`, { dispatcher: agent });
  return body.text();
}

/** What Node-RED's admin API says of itself. */
export async function versionOf(base: string, agent: Agent): Promise<string> {
  const { body } = await request(`${base}/settings`, { dispatcher: agent });
  return ((await body.json()) as { readonly version: string }).version;
}

export const CREDENTIALS = { user: 'muster', password: 'zürich 8001' };

const TELL = `msg.payload = { version: global.get('version'), customer: global.get('customer') };
msg.headers = { 'content-type': 'application/json' };
return msg;`;

const at = (z: string, x: number, y: number) => ({ z, x, y });

function flowsWith(partner: string): readonly unknown[] {
  const tab = 'f1000000000000a0';
  const id = (end: string): string => `f1000000000000${end}`;
  return [
    { id: tab, type: 'tab', label: 'Muster AG', disabled: false, info: '' },
    { id: id('b0'), type: 'http in', name: '', url: '/order', method: 'get', wires: [[id('b1')]], ...at(tab, 100, 80) },
    { id: id('b1'), type: 'function', name: '', func: TELL, outputs: 1, wires: [[id('b2')]], ...at(tab, 300, 80) },
    { id: id('b2'), type: 'http response', name: '', statusCode: '', headers: {}, wires: [], ...at(tab, 500, 80) },
    { id: id('c0'), type: 'http in', url: '/partner', method: 'get', wires: [[id('c1')]], ...at(tab, 100, 160) },
    {
      id: id('c1'),
      type: 'http request',
      method: 'GET',
      ret: 'txt',
      url: partner,
      authType: 'basic',
      credentials: CREDENTIALS,
      wires: [[id('c2')]],
      ...at(tab, 300, 160),
    },
    { id: id('c2'), type: 'http response', name: '', statusCode: '', headers: {}, wires: [], ...at(tab, 500, 160) },
    { id: id('d0'), type: 'websocket-listener', path: '/ws/desk', wholemsg: 'false' },
    { id: id('d1'), type: 'websocket in', server: id('d0'), client: '', wires: [[id('d2')]], ...at(tab, 100, 240) },
    { id: id('d2'), type: 'websocket out', server: id('d0'), client: '', wires: [], ...at(tab, 300, 240) },
  ];
}
