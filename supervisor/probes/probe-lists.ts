import type { Probe, ServerOptions } from '../server-options.ts';

/** What a probe is asked for: whether the server has started, whether it serves, whether it lives. */
export const PROBE_KINDS = ['startup', 'readiness', 'liveness'] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

type ProbeOptions = Pick<ServerOptions, 'probes' | 'health'>;

export function probesFor({ probes, health }: ProbeOptions, kind: ProbeKind): readonly Probe[] {
  return health[kind].probes ?? probes;
}

/** The probes of some kinds, each once however many lists it is in. */
export function distinctProbes(options: ProbeOptions, kinds: readonly ProbeKind[] = PROBE_KINDS): readonly Probe[] {
  const all = kinds.flatMap((kind) => probesFor(options, kind));
  return [...new Map(all.map((probe) => [keyOf(probe), probe])).values()];
}

/** Two probes with the same key are one. */
export function keyOf(probe: Probe): string {
  return JSON.stringify(Object.entries(probe).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A short name for people; an address without what might be secret in it. */
export function nameOfProbe(probe: Probe): string {
  if (probe.name !== undefined) return probe.name;
  switch (probe.kind) {
    case 'tcp':
      return `tcp ${probe.host.includes(':') ? `[${probe.host}]` : probe.host}:${probe.port}`;
    case 'http':
      return shortUrl(probe.url);
    case 'cooperative':
      return 'report';
    case 'command':
      return `command ${probe.command[0]?.replace(/^.*[\\/]/, '') ?? ''}`;
  }
}

function shortUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? text : `${url.protocol}//${url.host}${url.pathname}`;
}
