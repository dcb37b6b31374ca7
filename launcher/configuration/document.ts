import { ConfigurationSchema } from './schema.ts';
import { describeSchema, type SchemaView, viewOf } from './schema-view.ts';

/** `docs/configuration.md`, made of the schema: every key with its type, its default and what it is for. */
export function configurationDocument(): string {
  const root = viewOf(ConfigurationSchema);
  const sections = Object.entries(root.properties ?? {}).filter(([, section]) => section.properties !== undefined);
  return `${[
    INTRODUCTION,
    '## Keys at the top\n',
    table(rowsOf(root, '', 0)),
    ...sections.map(
      ([name, section]) => `## \`${name}\`\n\n${section.description ?? ''}\n\n${table(rowsOf(section, '', 9))}`,
    ),
    EXAMPLE,
  ].join('\n')}\n`;
}

interface Row {
  readonly key: string;
  readonly type: string;
  readonly usual: string;
  readonly meaning: string;
}

/** One row a key; groups are followed by the rows of their own keys as long as `depth` lasts. */
function rowsOf(schema: SchemaView, prefix: string, depth: number): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, entry]) => {
    const key = `${prefix}${name}`;
    const row = rowOf(key, entry, schema.required?.includes(name) === true);
    if (depth === 0) return [row];
    return [row, ...groupsOf(entry, key).flatMap((group) => rowsOf(group.schema, `${group.prefix}.`, depth - 1))];
  });
}

function rowOf(key: string, schema: SchemaView, required: boolean): Row {
  const usual =
    schema.default === undefined ? (required ? '**required**' : '') : `\`${JSON.stringify(schema.default)}\``;
  return { key: `\`${key}\``, type: describeSchema(schema), usual, meaning: schema.description ?? '' };
}

/** Groups below an entry: itself, its items, or its alternatives. */
function groupsOf(schema: SchemaView, prefix: string): { readonly schema: SchemaView; readonly prefix: string }[] {
  if (schema.properties !== undefined) return [{ schema, prefix }];
  if (schema.items !== undefined) return groupsOf(schema.items, `${prefix}[]`);
  return (schema.anyOf ?? []).flatMap((one) => {
    const word = one.properties?.['type']?.const;
    return groupsOf(one, word === undefined ? prefix : `${prefix}(${word})`);
  });
}

/** Aligned as the formatter aligns it, so that the file needs no second pass. */
function table(rows: readonly Row[]): string {
  const cells = [
    ['Key', 'Type', 'Default', 'Meaning'],
    ...rows.map((row) => [row.key, row.type, row.usual, row.meaning].map((cell) => cell.replaceAll('|', '\\|'))),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return `${[line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')}\n`;
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(width - cell.length);
}

const INTRODUCTION = `# Configuration: \`om-launcher.json\`

Generated from the schema; do not edit by hand.

The file is JSON with comments and trailing commas. It is looked for beside the executable, then in the state directory;
\`--config FILE\` names another. \`om-launcher config check\` tells every mistake at once, with line, expectation and suggestion;
\`om-launcher config schema\` prints the JSON Schema for editors (\`"$schema"\` in the file may point to it).

- **Paths** may be relative: to the folder of this file, and \`bundle\` to \`folder\`.
- **Placeholders** in \`server.command\`, \`args\`, \`env\` and \`workingDirectory\`: \`{bundle}\` is the live bundle, \`{folder}\` the
  Office Maker folder; in \`args\` and \`env\` also \`{launcherUrl}\` (the launcher port on loopback) and \`{tokenFile}\` (path of this
  start's token).
- **Secrets** never stand in this file: give \`passwordFile\` (first line of a file) or \`passwordEnv\` (name of a variable).
- **Mistakes** in \`name\`, \`product\`, \`folder\`, \`bundle\`, \`server\` and \`stateFolder\` prevent the start (exit status 2). A mistake
  elsewhere does not: the server starts, the section with the mistake holds its defaults, and updates wait until it is corrected.
- **Without \`product\`** give \`bundle\` and \`server.command\`; there are no carry-over rules but your own.
`;

const EXAMPLE = `## Example

\`\`\`jsonc
{
  "product": "business",
  "folder": "C:/Office Maker",
  "server": {
    "args": ["--headless", "--data", "D:/Data/Company.4DD", "--user-param", "{launcherUrl} {tokenFile}"],
  },
  "updates": {
    "repository": "https://updates.example.ch/om/",
    "root": "root.json",
    "delaySeconds": 120,
  },
  "data": { "paths": ["D:/Data/Company.4DD", "D:/Data/Company.4DIndx"] },
  "mail": {
    "smtp": { "host": "smtp.example.ch", "user": "om", "passwordFile": "smtp-password.txt" },
    "from": "om@example.ch",
    "to": ["it@example.ch"],
  },
  "language": "fr",
}
\`\`\``;
