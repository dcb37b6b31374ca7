import type { OmSite } from '../kit/om-site.ts';

/** `--keep`: leaves the site running until Ctrl-C, and says how to reach it. */
export async function waitUntil(
  interrupted: Promise<unknown>,
  site: OmSite,
  say: (line: string) => void,
): Promise<void> {
  say(`
The site keeps running; Ctrl-C ends it.
  configuration  ${site.configFile}
  status         om-launcher status --config "${site.configFile}"
  launcher port  http://127.0.0.1:${site.launcherPort}/v1/status
  server         https and OM Client: 127.0.0.1:${site.serverPort}, web: http://127.0.0.1:${site.webPort}/status
  accounts       Administrator/secret, anna/anna, bruno/bruno`);
  await interrupted;
}
