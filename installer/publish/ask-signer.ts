import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Processes } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** What running a signer takes of the machine. */
export interface SignerTools {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run'>;
  /** Files for one signature lie below it for as long as it takes. */
  readonly temporaryFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

export interface SignerLimits {
  /** The file that names the command, for faults. */
  readonly path: string;
  readonly timeoutMs: number;
}

const SIGNATURE_BYTES = 64;
const ANSWER_LIMIT = 4_096;
const ERROR_LIMIT = 500;

/**
 * Has a command sign. The bytes (canonical JSON) come on its standard input, or in a file where an argument is `{file}`; it
 * prints the signature as hexadecimal or base64, or writes it, also as 64 plain bytes, where an argument is `{signature}`.
 */
export async function askForSignature(
  tools: SignerTools,
  limits: SignerLimits,
  words: readonly string[],
  bytes: Uint8Array,
): Promise<Result<Buffer>> {
  const folder = join(tools.temporaryFolder, `om-publish-${randomUUID()}`);
  const made = await tools.files.makeNewFolder(folder, 0o700);
  const answer = made.ok ? await answerOf(tools, limits, words, bytes, folder) : made;
  const removed = await tools.files.removeTree(folder);
  if (!answer.ok || !removed.ok) return answer.ok ? (removed as Result<never>) : answer;
  const signature = decodeSignature(answer.value);
  if (signature !== undefined) return succeed(signature);
  const detail = `the signer gave ${answer.value.length} bytes that are no Ed25519 signature`;
  return fail(faultOf('signature-invalid', detail, { path: limits.path }));
}

async function answerOf(
  tools: SignerTools,
  limits: SignerLimits,
  words: readonly string[],
  bytes: Uint8Array,
  folder: string,
): Promise<Result<Buffer>> {
  const places: Readonly<Record<string, string>> = {
    '{file}': join(folder, 'to-sign'),
    '{signature}': join(folder, 'signature'),
  };
  const inFile = words.includes('{file}');
  const written = inFile ? await tools.files.writeDurably(places['{file}'] ?? '', bytes, 0o600) : succeed();
  if (!written.ok) return written;
  const input = inFile ? '' : Buffer.from(bytes).toString('utf8');
  const command = words.map((word) => places[word] ?? word);
  const printed = await runSigner(tools, limits, command, input);
  if (!printed.ok || !words.includes('{signature}')) return printed.ok ? succeed(Buffer.from(printed.value)) : printed;
  return tools.files.readBytes(places['{signature}'] ?? '', ANSWER_LIMIT);
}

/** Runs the command to its end and gives what it printed. Errors: `spawn-failed`, `timed-out`, `command-failed`. */
export async function runSigner(
  { processes, environment, signal }: SignerTools,
  { path, timeoutMs }: SignerLimits,
  [command = '', ...args]: readonly string[],
  input: string,
): Promise<Result<string>> {
  const inherited = Object.entries(environment).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const ran = await processes.run({
    command,
    args,
    timeoutMs,
    input,
    environment: Object.fromEntries(inherited),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!ran.ok) return fail({ ...ran.fault, detail: `the signer ${command}: ${ran.fault.detail}`, path });
  const { exit, output, errorOutput } = ran.value;
  if (exit.kind === 'exited' && exit.code === 0) return succeed(output);
  const said = errorOutput.trim().slice(-ERROR_LIMIT);
  const how = exit.kind === 'exited' ? `status ${exit.code}` : exit.kind;
  const detail = `the signer ${command} ended with ${how}${said === '' ? '' : `: ${said}`}`;
  return fail(faultOf('command-failed', detail, { path }));
}

/** 64 plain bytes, or their text. Undefined for anything else. */
function decodeSignature(answer: Buffer): Buffer | undefined {
  if (answer.length === SIGNATURE_BYTES) return answer;
  const text = answer.toString('latin1').trim();
  if (/^[0-9a-fA-F]{128}$/u.test(text)) return Buffer.from(text, 'hex');
  if (!/^[0-9A-Za-z+/\s]{86,100}={0,2}$/u.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === SIGNATURE_BYTES ? decoded : undefined;
}
