import type { CarryOverRule } from '../../installer/carry-over/carry-over.ts';
import { officeMakerRules } from '../../installer/carry-over/presets.ts';
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

/** What moves from an installed Office Maker bundle into the next one: 4D keeps editable settings inside its application. */
export function presetCarryOver(operatingSystem: OperatingSystem): readonly CarryOverRule[] {
  return officeMakerRules(operatingSystem === 'macos' ? 'macos' : 'windows-like');
}
