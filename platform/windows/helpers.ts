import { spawn } from 'node:child_process';

/** Environment and place of Windows' own tools: never looked for by PATH, in which a user may have put a folder first. */
const SYSTEM_ROOT = process.env['SystemRoot'] ?? 'C:\\Windows';

export function systemTool(name: string): string {
  return `${SYSTEM_ROOT}\\System32\\${name}`;
}

export function windowsHelperEnvironment(): Readonly<Record<string, string>> {
  return {
    SystemRoot: SYSTEM_ROOT,
    windir: SYSTEM_ROOT,
    PATH: `${SYSTEM_ROOT}\\System32`,
    TEMP: `${SYSTEM_ROOT}\\Temp`,
  };
}

/** Ends a short command together with what it started. */
export function killWindowsTree(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(systemTool('taskkill.exe'), ['/PID', String(pid), '/T', '/F'], {
      stdio: 'ignore',
      windowsHide: true,
    });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}
