import type { ServerState } from '../../supervisor/server-state.ts';

/** Prometheus text format 0.0.4. Pure. */
export function metricsText(
  state: ServerState,
  counts: { readonly starts: number; readonly crashes: number },
  updateRunning: boolean,
): string {
  const up = state.kind === 'up' || state.kind === 'degraded' || state.kind === 'draining';
  return [
    metric('om_server_up', 'gauge', 'Is the supervised server running and past its start', Number(up)),
    metric(
      'om_server_degraded',
      'gauge',
      'Do the probes of the running server fail',
      Number(state.kind === 'degraded'),
    ),
    metric('om_server_starts_total', 'counter', 'Starts of the server by this launcher', counts.starts),
    metric('om_server_crashes_total', 'counter', 'Unwanted ends of the server under this launcher', counts.crashes),
    metric('om_update_running', 'gauge', 'Is an update or rollback under way', Number(updateRunning)),
  ].join('');
}

function metric(name: string, type: 'gauge' | 'counter', help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}
