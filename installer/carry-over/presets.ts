import type { CarryOverRule } from './carry-over.ts';

/** Where a 4D server bundle keeps its parts: at its root (Windows, and the same tree on Linux) or below `Contents` (macOS). */
export type BundleLayout = 'windows-like' | 'macos';

/**
 * The rules for Office Maker Server, from the vendor's knowledge base and 4D's documentation of built servers.
 *
 * On macOS certificates may also lie beside the package: that is outside of the bundle, so the swap leaves them alone.
 */
export function officeMakerRules(layout: BundleLayout): readonly CarryOverRule[] {
  switch (layout) {
    case 'windows-like':
      return [...rulesBelow(''), { pattern: 'Server Database/*.4DZ', action: 'rename' }];
    case 'macos':
      return rulesBelow('Contents/');
  }
}

function rulesBelow(root: '' | 'Contents/'): readonly CarryOverRule[] {
  return [
    { pattern: `${root}Server Database/Settings/settings.4DSettings`, action: 'always', check: 'xml' },
    { pattern: `${root}Server Database/Settings/Backup.4DSettings`, action: 'always', check: 'xml' },
    { pattern: `${root}Server Database/Settings/directory.json`, action: 'always', check: 'json' },
    { pattern: `${root}Server Database/key.pem`, action: 'always', check: 'key-pair' },
    { pattern: `${root}Server Database/cert.pem`, action: 'always', check: 'key-pair' },
    { pattern: `${root}Server Database/dhparams.pem`, action: 'always' },
    { pattern: `${root}Resources/key.pem`, action: 'changed', check: 'key-pair' },
    { pattern: `${root}Resources/cert.pem`, action: 'changed', check: 'key-pair' },
    { pattern: `${root}Server Database/WebFolder/**`, action: 'changed' },
    { pattern: `${root}PlugIns/**`, action: 'report' },
    { pattern: `${root}Components/**`, action: 'report' },
  ];
}
