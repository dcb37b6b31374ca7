import { readFileSync } from 'node:fs';

function pem(name: string): string {
  return readFileSync(new URL(`./certificates/${name}.pem`, import.meta.url), 'utf8');
}

/** The authority that signed `localhost`, `elsewhere` and `expired`. */
export const testAuthority = pem('authority');

export type TestCertificate = 'localhost' | 'elsewhere' | 'expired' | 'self-signed';

/** Certificate and key for a TLS server of a test; see certificates/README.md. */
export function testCertificate(name: TestCertificate): { readonly cert: string; readonly key: string } {
  return { cert: pem(name), key: pem(`${name}-key`) };
}
