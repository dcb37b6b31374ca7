import { expect, test } from 'vitest';
import { folderIdentity } from '../../../installer/update/facts.ts';

test('a folder is known by its inode', () => {
  expect(folderIdentity({ inode: '4711' })).toBe('4711');
});
