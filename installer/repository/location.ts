import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';

export type RepositoryLocation =
  { readonly kind: 'web'; readonly url: URL } | { readonly kind: 'folder'; readonly path: string };

/** Reads `updates.repository`: an `http:`, `https:` or `file:` URL, or an absolute path. Errors: `configuration-invalid`. */
export function parseLocation(text: string): Result<RepositoryLocation> {
  if (isAbsolute(text)) return succeed({ kind: 'folder', path: text });
  if (!URL.canParse(text)) return refuse('it is neither an absolute path nor a URL');
  const url = new URL(text);
  if (url.protocol === 'file:') return folderOf(url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return refuse(`the scheme ${url.protocol} is not supported`);
  if (url.username !== '' || url.password !== '') return refuse('it carries credentials');
  if (url.search !== '' || url.hash !== '') return refuse('it carries a query or a fragment');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return succeed({ kind: 'web', url });
}

function folderOf(url: URL): Result<RepositoryLocation> {
  try {
    return succeed({ kind: 'folder', path: fileURLToPath(url) });
  } catch {
    return refuse('its path cannot be read');
  }
}

function refuse(reason: string): Result<never> {
  return fail(faultOf('configuration-invalid', `the repository's address cannot be used: ${reason}`));
}
