import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** RFC 5321 §4.5.3.1: local part up to 64, the whole path up to 254 characters. */
const ADDRESS_LIMIT = 254;
const ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*$/;

/** One plain e-mail address (no display name, no list, no control characters), or `request-invalid`. */
export function checkAddress(address: string): Result<string> {
  const valid = address.length <= ADDRESS_LIMIT && ADDRESS.test(address) && !/(^\.|\.\.|\.@)/.test(address);
  return valid
    ? succeed(address)
    : fail(
        faultOf('request-invalid', 'This is not one plain e-mail address.', {
          values: { address: oneLine(address, 80) },
        }),
      );
}

/** A value that may stand in a header: no line breaks, no control characters, and not endless. */
export function oneLine(value: string, limit: number): string {
  const flat = value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return flat.length <= limit ? flat : `${flat.slice(0, limit - 1)}…`;
}
