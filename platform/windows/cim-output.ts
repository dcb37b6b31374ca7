import type { ProcessRow } from '../node/process-observer.ts';

export interface CimRow extends ProcessRow {
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly ioBytes: number;
}

/** 100-nanosecond units (FILETIME) in a millisecond. */
const UNITS_PER_MS = 10_000;

/**
 * Asks for processes as one tab-separated line each; numbers only as invariant text, the name last.
 *
 * `filter` is a WQL condition of ours, never text from outside.
 */
export function cimScript(filter: string | undefined): string {
  const source = `Get-CimInstance Win32_Process${filter === undefined ? '' : ` -Filter '${filter}'`}`;
  const columns = [
    '$_.ProcessId',
    '$_.ParentProcessId',
    '$(if ($_.CreationDate) { $_.CreationDate.ToFileTimeUtc() } else { 0 })',
    '($_.KernelModeTime + $_.UserModeTime)',
    '$_.WorkingSetSize',
    '($_.ReadTransferCount + $_.WriteTransferCount)',
    '$_.Name',
  ];
  return `$ErrorActionPreference = 'Stop'; ${source} | ForEach-Object { @(${columns.join(', ')}) -join "\`t" }`;
}

/** Prints the account of a process as `DOMAIN\name`, nothing when it is closed to us. Win32_Process.GetOwner. */
export function ownerScript(pid: number): string {
  const source = `Get-CimInstance Win32_Process -Filter 'ProcessId = ${pid}' | Invoke-CimMethod -MethodName GetOwner`;
  return `$ErrorActionPreference = 'Stop'; $owner = ${source}; if ($owner.User) { "$($owner.Domain)\\$($owner.User)" }`;
}

/** Decodes what `cimScript` prints. */
export function parseCim(text: string, bootId: string): readonly CimRow[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^(\d+)\t(\d+)\t(\d+)\t(\d+)\t(\d+)\t(\d+)\t(.*)$/.exec(line.trim());
    if (match === null) return [];
    const [, pid = '', parent = '', started = '', cpu = '', resident = '', io = '', name = ''] = match;
    return [
      {
        identity: { pid: Number(pid), startTime: started, bootId },
        parentPid: Number(parent),
        startOrder: Number(BigInt(started) / BigInt(UNITS_PER_MS)),
        name,
        cpuMs: Math.round(Number(cpu) / UNITS_PER_MS),
        residentBytes: Number(resident),
        ioBytes: Number(io),
      },
    ];
  });
}

/** `BootId    REG_DWORD    0x2a` of `reg query`; counts the starts of the machine. */
export function parseBootId(text: string): string | undefined {
  return /^\s*BootId\s+REG_DWORD\s+(0x[0-9a-f]+)\s*$/im.exec(text)?.[1]?.toLowerCase();
}
