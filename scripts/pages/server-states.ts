import { stateTransitions } from '../../supervisor/state-table.ts';

/** The life of the supervised server as a diagram; events that lead to the same state share an arrow. */
export function serverStatesPage(): string {
  const transitions = stateTransitions();
  const pairs = new Map<string, string[]>();
  for (const { from, event, to } of transitions) {
    const pair = `${from} --> ${to}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), event]);
  }
  const arrows = [...pairs].map(([pair, events]) => `  ${pair}: ${events.join(', ')}`);
  return `# The states of the supervised server

Generated from \`supervisor/state-table.ts\` by \`npm run docs\`; do not edit by hand. An event that has no arrow from a state means nothing there.

\`\`\`mermaid
stateDiagram-v2
  [*] --> stopped
${arrows.join('\n')}
\`\`\`
`;
}
