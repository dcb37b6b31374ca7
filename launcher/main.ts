#!/usr/bin/env node
import { openPlatform } from '../platform/current.ts';
import { openOwnProcess } from '../platform/node/own-process.ts';
import { runCommandLine } from './cli/command-line.ts';

/** The program that the operating system starts, and the administrator's command line: one executable. */
const own = openOwnProcess();
own.setExitCode(await runCommandLine(openPlatform(), own));
