import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createDigestCache } from '../data/digest-cache.ts';
import type { DigestOf } from '../data/digest-cache.ts';
import type { FileManifest } from '../release.ts';
import { applyCarryOver, UNFINISHED_SUFFIX } from './apply.ts';
import type { CarryOver, CarryOverReport, CarryOverRequest } from './carry-over.ts';
import { type BundleEntry, carries, compileRules, indexManifest } from './entries.ts';
import { type FoldName, foldFor } from './pattern.ts';
import { carriedBy, type CarryOverPlan, planCarryOver } from './plan.ts';
import type { Copy } from './placement.ts';
import { isWithin, reachOf, type Reaches } from './reach.ts';
import { surveyBundle } from './survey.ts';
import { verifyCopies } from './verify.ts';

export interface CarryOverDependencies {
  readonly files: Files;
  readonly clock: Clock;
  readonly machine: Pick<Machine, 'operatingSystem'>;
}

/**
 * The three-way carry-over: look at both bundles, plan, check, then act on the staged one alone.
 *
 * May run before the server stops and again afterwards; the second pass looks only where a rule reaches and reads only what
 * changed. Access-control lists and extended attributes are left as the new release has them. Faults: `carry-over-invalid`,
 * `carry-over-emptied`, `bundle-incomplete` and those of the disk.
 */
export function createCarryOver(dependencies: CarryOverDependencies): CarryOver {
  const digestOf = createDigestCache(dependencies);
  const fold = foldFor(dependencies.machine.operatingSystem);
  let last: CarryOverRequest | undefined;
  return {
    async carry(request) {
      const report = await carryOver({ ...dependencies, digestOf, fold }, request);
      last = report.ok ? whereRulesReach(request, report.value, fold) : undefined;
      return report;
    },
    rehearsed: (staged) => (last?.staged === staged ? last : undefined),
  };
}

function whereRulesReach(request: CarryOverRequest, report: CarryOverReport, fold: FoldName): CarryOverRequest {
  const reaches = reachOf(request.rules, fold);
  const cut = (manifest: FileManifest): FileManifest => ({
    ...manifest,
    objects: [],
    entries: manifest.entries.filter(({ path }) => isWithin(reaches, path)),
  });
  const beyond = (paths: readonly string[]): readonly string[] => paths.filter((path) => !isWithin(reaches, path));
  return {
    ...request,
    next: cut(request.next),
    ...(request.shipped !== undefined && { shipped: cut(request.shipped) }),
    rehearsed: { leftBehind: beyond(report.leftBehind), reported: beyond(report.reported) },
  };
}

interface Context extends CarryOverDependencies {
  readonly digestOf: DigestOf;
  readonly fold: FoldName;
}

async function carryOver(context: Context, request: CarryOverRequest): Promise<Result<CarryOverReport>> {
  const { files, clock, fold } = context;
  const installed = await surveyInstalled(context, request);
  if (!installed.ok) return installed;
  const staged = await surveyStaged(context, request);
  if (!staged.ok) return staged;
  const plan = planCarryOver({ ...request, installed: installed.value, staged: staged.value, fold });
  if (!plan.ok) return fail({ ...plan.fault, path: join(request.installed, plan.fault.path ?? '') });
  const checked = await verifyCopies(files, copiesOf(plan.value), { ...request, fold, nowMs: clock.now() });
  if (!checked.ok) return checked;
  const applied = await applyCarryOver(files, { ...request, plan: plan.value });
  if (!applied.ok) return applied;
  const { leftBehind, reported } = plan.value;
  const warnings = [...checked.value, ...applied.value];
  return succeed({
    carried: carriedBy(plan.value),
    leftBehind: [...leftBehind, ...(request.rehearsed?.leftBehind ?? [])].sort(),
    reported: [...reported, ...(request.rehearsed?.reported ?? [])].sort(),
    ...(warnings.length > 0 && { warnings }),
  });
}

/** Content matters where a rule carries, and where only content can tell a file from the shipped one. */
async function surveyInstalled(context: Context, request: CarryOverRequest): Promise<Result<readonly BundleEntry[]>> {
  const ruleOf = compileRules(request.rules, context.fold);
  const reference = indexManifest(request.shipped ?? request.next, context.fold);
  const sizes = new Set(reference.entries.map((entry) => (entry.kind === 'file' ? entry.size : -1)));
  const needsDigest = (path: string, facts: FileFacts): boolean => {
    const rule = ruleOf(path);
    if (carries(rule)) return true;
    if (request.shipped === undefined && rule === undefined) return false;
    const original = reference.get(path);
    // A renamed structure file is compared with one of another name: any of the same size may be it.
    return original?.kind === 'file' ? original.size === facts.size : sizes.has(facts.size);
  };
  const enters = request.rehearsed === undefined ? undefined : reachOf(request.rules, context.fold);
  const survey = await surveyBundle(context, request.installed, needsDigest, enters);
  if (survey.ok || survey.fault.path !== request.installed) return survey;
  const detail = 'the installed bundle cannot be read';
  return fail(faultOf('bundle-missing', detail, { path: request.installed, cause: survey.fault }));
}

/** What lies where a rule carries; copies that a crash left unfinished are cleared away first. */
async function surveyStaged(context: Context, request: CarryOverRequest): Promise<Result<readonly BundleEntry[]>> {
  const ruleOf = compileRules(request.rules, context.fold);
  const next = indexManifest(request.next, context.fold);
  const isUnfinished = (path: string): boolean => path.endsWith(UNFINISHED_SUFFIX) && !next.has(path);
  const needsDigest = (path: string): boolean => carries(ruleOf(path)) && !isUnfinished(path);
  const enters: Reaches = reachOf(request.rules, context.fold);
  const survey = await surveyBundle(context, request.staged, needsDigest, enters);
  if (!survey.ok) return survey;
  for (const { path } of survey.value.filter((entry) => isUnfinished(entry.path))) {
    const removed = await context.files.remove(join(request.staged, path));
    if (!removed.ok) return removed;
  }
  return succeed(survey.value.filter(({ path }) => carries(ruleOf(path)) && !isUnfinished(path)));
}

function copiesOf(plan: CarryOverPlan): readonly Copy[] {
  return plan.actions.filter((action) => action.kind === 'copy');
}
