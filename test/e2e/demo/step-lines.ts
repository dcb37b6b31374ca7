import type { StepView, UpdateView } from '../../../launcher/api/schemas.ts';

const SIGNS: Readonly<Record<StepView['state'], string>> = {
  waiting: ' ',
  running: '…',
  done: '✓',
  failed: '✗',
  undoing: '↶',
  undone: '↩',
};

/** Prints each change of a step once, as plain lines. */
export function stepLines(say: (line: string) => void): (view: UpdateView) => void {
  const told = new Map<string, string>();
  return ({ steps }) => {
    for (const { name, state, note } of steps) {
      if (state !== 'waiting' && state !== 'running' && told.get(name) !== state) {
        told.set(name, state);
        say(`  ${SIGNS[state]} ${name}${note === undefined ? '' : ` — ${note.slice(0, 100)}`}`);
      }
    }
  };
}
