import { openPlatform } from '../../../platform/current.ts';
import { checkRights } from '../../../installer/preflight/rights.ts';
import type { PreflightSubject } from '../../../installer/preflight/check.ts';

// Run as a child under another account: tries the rights and prints the result.
const [bundle = ''] = process.argv.slice(2);
const subject: PreflightSubject = {
  folder: bundle,
  bundle,
  old: `${bundle}_old`,
  staging: `${bundle}.staging`,
  space: [],
  server: { kind: 'stopped', since: 0 },
  backupRunning: false,
  versionNamed: false,
  launcherVersion: '1.4.0',
};
console.log(JSON.stringify(await checkRights(openPlatform(), subject)));
