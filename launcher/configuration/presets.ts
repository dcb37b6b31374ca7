import type { CarryOverRule } from '../../installer/carry-over/carry-over.ts';
import type { OperatingSystem } from '../../platform/machine.ts';

/** What `product` stands for. */
export interface ProductPreset {
  /** Of the bundle, of the server in messages, and of the `_old` folder. */
  readonly name: string;
  /** Where clients connect; −1 is SQL, +1 and +6 are used too, +7 is the launcher port. */
  readonly basePort: number;
}

export const PRODUCTS = {
  business: { name: 'OM Business', basePort: 19_813 },
  finance: { name: 'OM Finance', basePort: 19_823 },
  staff: { name: 'OM Staff', basePort: 19_833 },
} as const satisfies Readonly<Record<string, ProductPreset>>;

export type Product = keyof typeof PRODUCTS;

/** The bundle's name in the Office Maker folder. */
export function presetBundle(product: Product, operatingSystem: OperatingSystem): string {
  const { name } = PRODUCTS[product];
  return operatingSystem === 'macos' ? `${name}.app` : name;
}

/** The program, relative to the bundle. */
export function presetCommand(product: Product, operatingSystem: OperatingSystem): string {
  const { name } = PRODUCTS[product];
  switch (operatingSystem) {
    case 'macos':
      return `Contents/MacOS/${name}`;
    case 'windows':
      return `${name}.exe`;
    case 'linux':
      return name;
  }
}

/** Without windows, and told where the launcher listens and where the start's token lies; `--user-param` is 4D's way to hand over a text. */
export const PRESET_ARGS: readonly string[] = ['--headless', '--user-param', '{launcherUrl} {tokenFile}'];

/**
 * What moves from an installed Office Maker bundle into the next one: 4D keeps editable settings inside its application.
 *
 * macOS packages hold the same tree below `Contents`.
 */
export function presetCarryOver(operatingSystem: OperatingSystem): readonly CarryOverRule[] {
  const root = operatingSystem === 'macos' ? 'Contents/' : '';
  const rules = operatingSystem === 'macos' ? SETTINGS : [...SETTINGS, ...STRUCTURE_NAMES];
  return rules.map((rule) => ({ ...rule, pattern: `${root}${rule.pattern}` }));
}

const SETTINGS: readonly CarryOverRule[] = [
  { pattern: 'Server Database/Settings/settings.4DSettings', action: 'always', check: 'xml' },
  { pattern: 'Server Database/Settings/Backup.4DSettings', action: 'always', check: 'xml' },
  { pattern: 'Server Database/Settings/directory.json', action: 'always', check: 'json' },
  { pattern: 'Server Database/key.pem', action: 'always', check: 'key-pair' },
  { pattern: 'Server Database/cert.pem', action: 'always', check: 'key-pair' },
  { pattern: 'Server Database/dhparams.pem', action: 'always' },
  { pattern: 'Resources/key.pem', action: 'changed', check: 'key-pair' },
  { pattern: 'Resources/cert.pem', action: 'changed', check: 'key-pair' },
  { pattern: 'Server Database/WebFolder/**', action: 'changed' },
  { pattern: 'PlugIns/**', action: 'report' },
  { pattern: 'Components/**', action: 'report' },
];

/** The structure file names the Windows service, so several instances on one machine rename it. */
const STRUCTURE_NAMES: readonly CarryOverRule[] = [
  { pattern: 'Server Database/*.4DZ', action: 'rename' },
  { pattern: 'Server Database/*.4DIndy', action: 'rename' },
];
