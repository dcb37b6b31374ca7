import type { TSchema } from '@sinclair/typebox';
import { expectationOf, hasType, type SchemaView, viewOf } from './schema-view.ts';
import type { DocumentPath, MistakeAt } from './mistake.ts';
import { shorten, show } from './show-value.ts';
import { nearest } from './suggest.ts';

/**
 * Compares a value with the configuration's schema and tells every difference in an admin's words.
 *
 * It knows only the shapes of `schema-parts.ts`; the loader asks TypeBox for a second opinion before it trusts the value.
 */
export function checkShape(schema: TSchema, value: unknown, path: DocumentPath = []): MistakeAt[] {
  return checkValue(viewOf(schema), value, path);
}

function checkValue(schema: SchemaView, value: unknown, path: DocumentPath): MistakeAt[] {
  if (schema.anyOf !== undefined) return checkAlternatives(schema, schema.anyOf, value, path);
  if (!hasType(schema, value)) return [wrongType(schema, value, path)];
  if (Array.isArray(value)) return checkList(schema, value, path);
  if (isRecord(value)) return checkObject(schema, value, path);
  return keepsLimits(schema, value) ? [] : [wrongValue(schema, value, path)];
}

/** Words are compared as a whole; of several shapes the one that the value's type (and `type` key) chooses is checked. */
function checkAlternatives(
  schema: SchemaView,
  alternatives: readonly SchemaView[],
  value: unknown,
  path: DocumentPath,
): MistakeAt[] {
  const flat = alternatives.flatMap((one) => one.anyOf ?? [one]);
  const words = flat.flatMap((one) => (typeof one.const === 'string' ? [one.const] : []));
  if (typeof value === 'string' && words.includes(value)) return [];
  const shapes = flat.filter((one) => one.const === undefined);
  const fitting = shapes.filter((one) => hasType(one, value));
  const chosen = fitting.length > 1 && isRecord(value) ? chooseByType(fitting, value, path) : fitting[0];
  if (Array.isArray(chosen)) return chosen;
  if (chosen !== undefined) return checkValue(chosen, value, path);
  if (typeof value !== 'string' || words.length === 0) return [wrongType(schema, value, path)];
  const word = nearest(value, words);
  return [
    mistake(path, schema, value, word === undefined ? typeSuggestion(schema, value) : `write ${JSON.stringify(word)}`),
  ];
}

function chooseByType(
  shapes: readonly SchemaView[],
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
): SchemaView | MistakeAt[] {
  const named = shapes.map((shape) => ({ shape, name: String(shape.properties?.['type']?.const) }));
  const found = named.find((one) => one.name === value['type']);
  if (found !== undefined) return found.shape;
  const names = named.map((one) => one.name);
  const word = typeof value['type'] === 'string' ? nearest(value['type'], names) : undefined;
  const given = value['type'] !== undefined;
  return [
    {
      path: given ? [...path, 'type'] : path,
      at: 'value',
      expected: `"type": one of ${names.map((name) => JSON.stringify(name)).join(', ')}`,
      found: given ? show(value['type']) : 'no "type"',
      suggestion: word === undefined ? `write "type": "${names[0] ?? ''}"` : `write ${JSON.stringify(word)}`,
    },
  ];
}

function checkList(schema: SchemaView, value: readonly unknown[], path: DocumentPath): MistakeAt[] {
  const tooMany = value.length > (schema.maxItems ?? Infinity) || value.length < (schema.minItems ?? 0);
  if (tooMany) return [{ ...wrongValue(schema, value, path), found: `${value.length} entries` }];
  const items = schema.items;
  return items === undefined ? [] : value.flatMap((entry, index) => checkValue(items, entry, [...path, index]));
}

function checkObject(schema: SchemaView, value: Readonly<Record<string, unknown>>, path: DocumentPath): MistakeAt[] {
  const properties = schema.properties;
  if (properties === undefined) return checkRecord(schema, value, path);
  const missing = (schema.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => missingKey(properties[key], [...path, key], value, Object.keys(properties)));
  const present = Object.entries(value).flatMap(([key, entry]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined) return [unknownKey(key, entry, path, Object.keys(properties))];
    return checkValue(known, entry, [...path, key]).map((one) => (SECRET.test(key) ? { ...one, found: HIDDEN } : one));
  });
  return [...missing, ...present];
}

function checkRecord(schema: SchemaView, value: Readonly<Record<string, unknown>>, path: DocumentPath): MistakeAt[] {
  const [pattern, entrySchema] = Object.entries(schema.patternProperties ?? {})[0] ?? [];
  if (pattern === undefined || entrySchema === undefined) return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    new RegExp(pattern).test(key)
      ? checkValue(entrySchema, entry, [...path, key]).map((one) =>
          SECRET.test(key) ? { ...one, found: HIDDEN } : one,
        )
      : [{ path: [...path, key], at: 'key' as const, expected: 'a name of letters, digits and _', found: show(key) }],
  );
}

function missingKey(
  schema: SchemaView | undefined,
  path: DocumentPath,
  parent: Readonly<Record<string, unknown>>,
  known: readonly string[],
): MistakeAt {
  const key = String(path.at(-1));
  const similar = nearest(
    key,
    Object.keys(parent).filter((given) => !known.includes(given)),
  );
  return {
    path,
    at: 'key',
    expected: schema === undefined ? 'a value' : expectationOf(schema),
    found: 'nothing',
    suggestion: similar === undefined ? `add "${key}"` : `write "${key}" instead of "${similar}"`,
  };
}

const SECRET = /pass(word|phrase|wd)?$|secret|token$|api-?key|credential/i;
const HIDDEN = '(not shown)';

/** Keys that people try, by their place, and what they should know about them. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  fleet: 'remove it: fleets are not configured here in this version',
  version: 'remove it; to stay on a version use "updates": { "pin": … }',
  integrity: 'remove it: installed files that differ are never refused in this version',
  url: 'the repository is given in "updates": { "repository": … }',
};

function unknownKey(key: string, value: unknown, path: DocumentPath, known: readonly string[]): MistakeAt {
  const secret = SECRET.test(key);
  const similar = nearest(key, known);
  const suggestion = secret
    ? secretSuggestion(known)
    : similar === undefined
      ? (WELL_KNOWN[[...path, key].join('.')] ?? `remove it; known here: ${known.join(', ')}`)
      : `write "${similar}"`;
  return {
    path: [...path, key],
    at: 'key',
    expected: secret ? 'no secret in this file' : 'a known key',
    found: secret ? `"${key}": ${HIDDEN}` : value === undefined ? show(key) : `the unknown key ${show(key)}`,
    suggestion,
  };
}

function secretSuggestion(known: readonly string[]): string {
  return known.includes('passwordFile')
    ? 'use "passwordFile": "path" or "passwordEnv": "NAME" instead'
    : 'keep secrets in a file of their own or in an environment variable';
}

function wrongType(schema: SchemaView, value: unknown, path: DocumentPath): MistakeAt {
  return mistake(path, schema, value, typeSuggestion(schema, value));
}

/** `"90"` for 90, `"true"` for true, a single word where a list is wanted. */
function typeSuggestion(schema: SchemaView, value: unknown): string | undefined {
  const candidates = [schema, ...(schema.anyOf ?? [])];
  const accepts = (candidate: unknown) =>
    candidates.some((one) => one.const === undefined && hasType(one, candidate) && one.anyOf === undefined);
  if (typeof value === 'string') {
    const number = Number(value.trim());
    if (value.trim() !== '' && accepts(number)) return `write ${number} without quotes`;
    if (/^(true|false)$/i.test(value) && accepts(true)) return `write ${value.toLowerCase()} without quotes`;
    if (accepts([])) return `write [${JSON.stringify(shorten(value))}]`;
  }
  if ((typeof value === 'number' || typeof value === 'boolean') && accepts('')) return `write "${value}" in quotes`;
  if (typeof value === 'number' && !Number.isInteger(value) && accepts(1)) return `write ${Math.round(value)}`;
  return value === null ? 'remove the key to leave it at its default' : undefined;
}

function keepsLimits(schema: SchemaView, value: unknown): boolean {
  if (schema.const !== undefined) return value === schema.const;
  if (typeof value === 'number') {
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  }
  if (typeof value !== 'string') return true;
  const fits = value.length >= (schema.minLength ?? 0) && value.length <= (schema.maxLength ?? Infinity);
  return fits && (schema.pattern === undefined || new RegExp(schema.pattern).test(value));
}

function wrongValue(schema: SchemaView, value: unknown, path: DocumentPath): MistakeAt {
  const { minimum, maximum } = schema;
  if (typeof value !== 'number') {
    const example = schema.examples?.[0];
    return mistake(
      path,
      schema,
      value,
      example === undefined ? undefined : `write for example ${JSON.stringify(example)}`,
    );
  }
  const bound = minimum !== undefined && value < minimum ? minimum : maximum;
  return mistake(
    path,
    schema,
    value,
    bound === undefined ? undefined : `write ${bound} or ${value < bound ? 'more' : 'less'}`,
  );
}

function mistake(path: DocumentPath, schema: SchemaView, value: unknown, suggestion?: string): MistakeAt {
  const more = suggestion === undefined ? {} : { suggestion };
  return { path, at: 'value', expected: expectationOf(schema), found: show(value), ...more };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
