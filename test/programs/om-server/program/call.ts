import { parseArgs } from 'node:util';
import type { Behaviour } from '../behaviour.ts';
import { readBehaviour } from './release.ts';

/** The program lies at the top of its bundle. */
export const bundle = import.meta.dirname;
export const behaviour: Behaviour = readBehaviour(bundle, process.env);
export const { values: options } = parseArgs({
  options: {
    headless: { type: 'boolean' },
    version: { type: 'boolean' },
    data: { type: 'string' },
    'user-param': { type: 'string' },
    port: { type: 'string' },
    'web-port': { type: 'string' },
  },
});
