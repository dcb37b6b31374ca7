import {
  CODE_BYTES_LIMIT,
  createAddressPredictor,
  FIELD_BYTES,
  PIECE_BYTES,
  readNumber,
  writeNumber,
} from './address-fields.ts';
import { appendNumber, createByteBuilder } from './numbers.ts';

/** Of the copied bytes, those that differ from what the reading side makes by itself: `gaps` and `changes` of `Difference`. */
export interface ByteChanges {
  readonly gaps: Uint8Array;
  readonly changes: Uint8Array;
  /** What the reading side makes by itself: the old bytes, or those with the addresses predicted. */
  readonly code: boolean;
}

export interface ByteChangesBuilder {
  copy(oldAt: number, newAt: number, bytes: number): void;
  finish(): ByteChanges;
}

/** Predicted addresses cost the reading side a second look at each byte: they must save that share of the changes. */
const WORTHWHILE_SHARE = 0.9;

/** Writes the changes both ways and keeps the shorter. */
export function createByteChanges(old: Uint8Array, target: Uint8Array): ByteChangesBuilder {
  const plain = createPlainChanges(old, target);
  if (old.length > CODE_BYTES_LIMIT || target.length > CODE_BYTES_LIMIT) return plain;
  const code = createCodeChanges(old, target);
  return {
    copy(...range) {
      plain.copy(...range);
      code.copy(...range);
    },
    finish() {
      const [asTheyAre, predicted] = [plain.finish(), code.finish()];
      const bytesOf = ({ gaps, changes }: ByteChanges): number => gaps.length + changes.length;
      return bytesOf(predicted) < WORTHWHILE_SHARE * bytesOf(asTheyAre) ? predicted : asTheyAre;
    },
  };
}

function createPlainChanges(old: Uint8Array, target: Uint8Array): ByteChangesBuilder {
  const writer = createWriter();
  return {
    copy(oldAt, newAt, bytes) {
      for (let index = 0; index < bytes; index += 1) writer.byte(target[newAt + index] ?? 0, old[oldAt + index] ?? 0);
    },
    finish: () => ({ ...writer.finish(), code: false }),
  };
}

/** Does what `createCodeChanger` in `piece-changer.ts` does with the same pieces, and notes where the new bytes are others. */
function createCodeChanges(old: Uint8Array, target: Uint8Array): ByteChangesBuilder {
  const writer = createWriter();
  const predictor = createAddressPredictor(old.length);
  const guess = new Uint8Array(FIELD_BYTES);

  function copyPiece(piece: Uint8Array, oldAt: number, newAt: number): void {
    for (let at = 0; at < piece.length;) {
      const field = predictor.find(piece, at, oldAt);
      for (; at < field; at += 1) writer.byte(target[newAt + at] ?? 0, piece[at] ?? 0);
      if (field === piece.length) return;
      const newField = newAt + field;
      writeNumber(guess, 0, predictor.predict(newField + FIELD_BYTES));
      predictor.learn(readNumber(target, newField));
      for (let index = 0; index < FIELD_BYTES; index += 1)
        writer.byte(target[newField + index] ?? 0, guess[index] ?? 0);
      at = field + FIELD_BYTES;
    }
  }

  return {
    copy(oldAt, newAt, bytes) {
      for (let done = 0; done < bytes; done += PIECE_BYTES) {
        const piece = old.subarray(oldAt + done, oldAt + Math.min(bytes, done + PIECE_BYTES));
        copyPiece(piece, oldAt + done, newAt + done);
      }
    },
    finish: () => ({ ...writer.finish(), code: true }),
  };
}

interface ChangesWriter {
  byte(wanted: number, made: number): void;
  finish(): Pick<ByteChanges, 'gaps' | 'changes'>;
}

function createWriter(): ChangesWriter {
  const [gaps, changes] = [createByteBuilder(), createByteBuilder()];
  let equal = 0;
  return {
    byte(wanted, made) {
      if (wanted === made) {
        equal += 1;
        return;
      }
      appendNumber(gaps, equal);
      changes.push((wanted - made) & 0xff);
      equal = 0;
    },
    finish: () => ({ gaps: gaps.bytes(), changes: changes.bytes() }),
  };
}
