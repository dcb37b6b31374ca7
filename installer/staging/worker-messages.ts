import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { type Fault, FAULT_CODES, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { TransferSchema } from '../transfer/transfer.ts';
import type { StageWork } from '../update/tools.ts';

const Path = Type.String({ minLength: 1, maxLength: 4_096 });

const Work = Type.Object({
  manifest: Path,
  folder: Path,
  transfer: TransferSchema,
  packFolder: Path,
  bundle: Path,
  delta: Type.Optional(Type.Object({ oldManifest: Path, manifest: Path })),
});

/** The one line that the launcher writes to its worker. */
const WorkOrder = Type.Object({ idle: Type.Boolean(), work: Work });

export interface WorkOrder {
  /** Behind every other program. */
  readonly idle: boolean;
  readonly work: StageWork;
}

const FaultShape = Type.Object({
  code: Type.Union(FAULT_CODES.map((code) => Type.Literal(code))),
  detail: Type.String(),
  path: Type.Optional(Type.String()),
  operation: Type.Optional(Type.String()),
  account: Type.Optional(Type.String()),
  values: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
});

/** What a worker writes, a line each: how far it is, and at last how it ended. */
const Message = Type.Union([
  Type.Object({ kind: Type.Literal('progress'), doneBytes: Type.Number(), totalBytes: Type.Number() }),
  Type.Object({ kind: Type.Literal('done') }),
  Type.Object({ kind: Type.Literal('failed'), fault: FaultShape }),
]);

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly fault: Fault };

export function decodeWork(line: string): Result<WorkOrder> {
  const value = parse(line);
  return Value.Check(WorkOrder, value)
    ? succeed(value)
    : fail(faultOf('request-invalid', 'this is no work to be staged'));
}

/** Undefined for a line that is none of a worker's. */
export function decodeMessage(line: string): WorkerMessage | undefined {
  const value = parse(line);
  return Value.Check(Message, value) ? value : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
