/** Offsets in a 64-bit little-endian ELF file, as in elf(5). */
const HEADER = { programHeaders: 32, sectionHeaders: 40, programSize: 54, programCount: 56, sectionSize: 58 } as const;
const COUNT = { sections: 60, names: 62 } as const;
const SECTION = { name: 0, type: 4, flags: 8, offset: 24, size: 32, link: 40, info: 44, align: 48 } as const;
const ALLOCATED = 2n;
const STRING_TABLE = 3;
/** Relocations of both kinds: their `info` names a section, too. */
const RELOCATIONS = [4, 9];

/**
 * Drops what no loader maps: symbols and debug information. Headers of mapped sections stay, because the tool that injects
 * the program wants them. Written here so that two machines with different `strip` programs make the same bytes.
 */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new Error('not a 64-bit ELF file');
  const end = endOfMapped(file);
  const { headers, names } = keptSections(file, end);
  const padding = Buffer.alloc((8 - ((end + names.length) % 8)) % 8);
  const output = Buffer.concat([file.subarray(0, end), names, padding, ...headers]);
  output.writeBigUInt64LE(BigInt(end + names.length + padding.length), HEADER.sectionHeaders);
  output.writeUInt16LE(headers.length, COUNT.sections);
  output.writeUInt16LE(headers.length - 1, COUNT.names);
  return output;
}

function endOfMapped(file: Buffer): number {
  const start = Number(file.readBigUInt64LE(HEADER.programHeaders));
  const size = file.readUInt16LE(HEADER.programSize);
  const count = file.readUInt16LE(HEADER.programCount);
  let end = start + size * count;
  for (let index = 0; index < count; index += 1) {
    const at = start + index * size;
    end = Math.max(end, Number(file.readBigUInt64LE(at + 8)) + Number(file.readBigUInt64LE(at + 32)));
  }
  return end;
}

/** The headers to keep, with a name table of their own as the last one. */
function keptSections(file: Buffer, end: number): { readonly headers: readonly Buffer[]; readonly names: Buffer } {
  const start = Number(file.readBigUInt64LE(HEADER.sectionHeaders));
  const size = file.readUInt16LE(HEADER.sectionSize);
  const count = file.readUInt16LE(COUNT.sections);
  const at = (index: number) => start + index * size;
  const kept = Array.from({ length: count }, (_, index) => index).filter(
    (index) => index === 0 || (file.readBigUInt64LE(at(index) + SECTION.flags) & ALLOCATED) !== 0n,
  );
  const oldNames = Number(file.readBigUInt64LE(at(file.readUInt16LE(COUNT.names)) + SECTION.offset));
  let names = '\0';
  const headers = kept.map((index) => {
    const header = Buffer.from(file.subarray(at(index), at(index) + size));
    if (index === 0) return header;
    const name = oldNames + header.readUInt32LE(SECTION.name);
    header.writeUInt32LE(names.length, SECTION.name);
    names += `${file.toString('latin1', name, file.indexOf(0, name))}\0`;
    renumber(header, SECTION.link, kept);
    if (RELOCATIONS.includes(header.readUInt32LE(SECTION.type))) renumber(header, SECTION.info, kept);
    return header;
  });
  const table = Buffer.alloc(size);
  table.writeUInt32LE(names.length, SECTION.name);
  names += '.shstrtab\0';
  table.writeUInt32LE(STRING_TABLE, SECTION.type);
  table.writeBigUInt64LE(BigInt(end), SECTION.offset);
  table.writeBigUInt64LE(BigInt(Buffer.byteLength(names, 'latin1')), SECTION.size);
  table.writeBigUInt64LE(1n, SECTION.align);
  return { headers: [...headers, table], names: Buffer.from(names, 'latin1') };
}

/** A reference to a section that was dropped becomes 0, "none". */
function renumber(header: Buffer, offset: number, kept: readonly number[]): void {
  header.writeUInt32LE(Math.max(0, kept.indexOf(header.readUInt32LE(offset))), offset);
}
