import { OWNER_MARK, type ServiceEntry, STOP_MARGIN_SECONDS } from './service.ts';

/** Between two starts of a launcher that ended, seconds; launchd's own default is 10. */
const THROTTLE_SECONDS = 5;

type PlistValue = string | number | boolean | readonly string[] | { readonly [key: string]: PlistValue };

/** The label by which launchd knows the launcher of the server `name`. */
export function launchdLabel(name: string): string {
  return `om-launcher.${name}`;
}

/** The property list of launchd.plist(5) for one launcher. */
export function launchdPlist(entry: ServiceEntry, label: string): string {
  const keys: Readonly<Record<string, PlistValue>> = {
    Label: label,
    ProgramArguments: entry.command,
    WorkingDirectory: entry.workingDirectory,
    ...(entry.account === undefined ? {} : { UserName: entry.account }),
    RunAtLoad: true,
    // Also after status 75, with which the launcher asks to be started again.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: THROTTLE_SECONDS,
    // Without it macOS throttles the server's disk and processor as it does with background chores.
    ProcessType: 'Interactive',
    // The server outlives the launcher.
    AbandonProcessGroup: true,
    ExitTimeOut: entry.stopSeconds + STOP_MARGIN_SECONDS,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${OWNER_MARK}: "om-launcher service install" replaces this file. -->
<plist version="1.0">
${element(keys, '')}
</plist>
`;
}

/** What a property list says of launchd's patience; undefined when it says nothing. Pure. */
export function exitTimeOutMs(plist: string): number | undefined {
  const seconds = /<key>ExitTimeOut<\/key>\s*<integer>(\d+)<\/integer>/.exec(plist)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function element(value: PlistValue, indent: string): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') return `${indent}<string>${escaped(value)}</string>`;
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (isList(value)) {
    return [`${indent}<array>`, ...value.map((item) => element(item, inner)), `${indent}</array>`].join('\n');
  }
  const pairs = Object.entries(value).flatMap(([key, item]) => [
    `${inner}<key>${escaped(key)}</key>`,
    element(item, inner),
  ]);
  return [`${indent}<dict>`, ...pairs, `${indent}</dict>`].join('\n');
}

function isList(value: PlistValue): value is readonly string[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
