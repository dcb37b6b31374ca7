import { createHash } from 'node:crypto';

export interface Account {
  readonly name: string;
  readonly password: string;
  readonly administrator: boolean;
}

/** Ships with every release. */
const SHIPPED_ACCOUNTS: readonly Account[] = [
  { name: 'Administrator', password: 'secret', administrator: true },
  { name: 'anna', password: 'anna', administrator: false },
  { name: 'bruno', password: 'bruno', administrator: false },
];

/** `directory.json` with the accounts that ship and `more`, as an administrator who adds users leaves it. */
export function directoryFile(more: readonly Account[]): string {
  const users = [...SHIPPED_ACCOUNTS, ...more].map(({ name, password, administrator }) => ({
    name,
    digest: createHash('sha256').update(`${name}:${password}`).digest('hex'),
    administrator,
  }));
  return `${JSON.stringify({ users }, null, 2)}\n`;
}

/** The settings that 4D keeps as XML, by file name. */
export function settingsFiles(options: { readonly cacheMegabytes?: number; readonly backupHour?: number } = {}): {
  readonly 'settings.4DSettings': string;
  readonly 'Backup.4DSettings': string;
} {
  return {
    'settings.4DSettings': `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<preferences stamp="1">
  <com.4d>
    <server><network><options publication_port="19813" use_tls="true"/></network></server>
    <database><memory cache_size="${options.cacheMegabytes ?? 400}"/></database>
  </com.4d>
</preferences>
`,
    'Backup.4DSettings': `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<Preferences4D>
  <Backup>
    <Settings><Scheduler><Frequency>Daily</Frequency><Hour>${options.backupHour ?? 23}</Hour></Scheduler></Settings>
  </Backup>
</Preferences4D>
`,
  };
}

/** The content of a new data file. */
export function newData(format: string): string {
  return JSON.stringify({ format, records: [{ user: 'anna', text: 'first customer' }] });
}
