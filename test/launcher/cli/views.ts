import type { StepView, UpdateView } from '../../../launcher/api/schemas.ts';

/** 5 January 2026, 02:00:00 UTC. */
export const START_MS = Date.UTC(2026, 0, 5, 2, 0, 0);

export function at(seconds: number): string {
  return new Date(START_MS + seconds * 1000).toISOString();
}

export function step(name: string, state: StepView['state'], more: Partial<StepView> = {}): StepView {
  return { name, state, ...more };
}

/** An update that waits for its users to leave. */
export function drainingUpdate(more: Partial<UpdateView> = {}): UpdateView {
  return {
    id: '4f21a0c9',
    kind: 'update',
    state: 'running',
    from: '2026.1.0',
    to: '2026.2.0',
    orderedBy: 'root',
    orderedAt: at(0),
    cancellable: true,
    steps: [
      step('preflight', 'done', { startedAt: at(0), endedAt: at(1.2) }),
      step('download', 'done', { startedAt: at(1.2), endedAt: at(75.2) }),
      step('drain', 'running', { startedAt: at(80), note: '2 users are connected · 30 seconds left' }),
      step('stop', 'waiting'),
      step('swap', 'waiting'),
    ],
    ...more,
  };
}
