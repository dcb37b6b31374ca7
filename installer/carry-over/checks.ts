import { createPrivateKey, X509Certificate } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** The parser's strict form, which looks for well-formedness before it reads (its lenient one takes nearly everything). */
interface StrictXmlParser {
  parse(text: string, strictly: true): unknown;
}

/** Is it well-formed XML? The failure is a reason, one sentence. */
export function checkXml(content: Buffer): Result<void, string> {
  const parser: StrictXmlParser = new XMLParser({
    processEntities: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });
  try {
    // XML 1.0, production 1: exactly one root element, which the parser does not insist on.
    const roots = Object.values(Object(parser.parse(decodeText(content), true)) as object);
    return roots.length === 1 && !Array.isArray(roots[0])
      ? succeed()
      : fail('not well-formed XML: more than one root element');
  } catch (error) {
    return fail(`not well-formed XML: ${reasonOf(error)}`);
  }
}

/** Is it JSON? */
export function checkJson(content: Buffer): Result<void, string> {
  try {
    JSON.parse(decodeText(content));
    return succeed();
  } catch (error) {
    return fail(`not JSON: ${reasonOf(error)}`);
  }
}

/** One PEM file of a key pair. */
export interface PemFile {
  readonly path: string;
  readonly content: Buffer;
}

/**
 * Does the private key belong to the certificate? Which file is which is told by content. Succeeds with warnings about
 * a missing half and about dates, since the server did run with them until now.
 */
export function checkKeyPair(files: readonly PemFile[], nowMs: number): Result<readonly string[], string> {
  const unknown = files.find((file) => !isKey(file) && !isCertificate(file));
  if (unknown !== undefined) return fail(`${unknown.path} holds neither a private key nor a certificate in PEM form`);
  const key = files.find(isKey);
  const certificate = files.find(isCertificate);
  try {
    const parsedKey = key && createPrivateKey(key.content);
    const parsed = certificate && new X509Certificate(certificate.content);
    if (parsed === undefined) return succeed(['a private key without its certificate is carried']);
    if (parsedKey === undefined) return succeed(['a certificate without its private key is carried']);
    if (!parsed.checkPrivateKey(parsedKey)) return fail('the private key does not belong to the certificate');
    return succeed(warningsOfDates(parsed, nowMs));
  } catch (error) {
    return fail(`key or certificate cannot be read: ${reasonOf(error)}`);
  }
}

function isKey(file: PemFile): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(file.content.toString('latin1'));
}

function isCertificate(file: PemFile): boolean {
  return file.content.includes('-----BEGIN CERTIFICATE-----');
}

function warningsOfDates(certificate: X509Certificate, nowMs: number): readonly string[] {
  if (certificate.validToDate.getTime() < nowMs) return [`the certificate expired on ${certificate.validTo}`];
  if (certificate.validFromDate.getTime() > nowMs)
    return [`the certificate is not valid before ${certificate.validFrom}`];
  return [];
}

/** UTF-8 unless a byte-order mark says UTF-16 (XML 1.0, appendix F); the mark itself is dropped. */
function decodeText(content: Buffer): string {
  const encoding = content[0] === 0xff && content[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(content);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
