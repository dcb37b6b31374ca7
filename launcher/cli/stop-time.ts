import type { Configuration } from '../configuration/configuration.ts';

/** From the first to the last rung of the configured stop ladder, milliseconds. */
export function longestStopMs({ server: { stop } }: Pick<Configuration, 'server'>): number {
  return stop.orderMs + stop.requestMs + stop.proveMs;
}
