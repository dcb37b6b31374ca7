import type { TSchema } from '@sinclair/typebox';

/** The parts of JSON Schema that the configuration uses, as plain data. */
export interface SchemaView {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: string | number | boolean;
  readonly anyOf?: readonly SchemaView[];
  readonly properties?: Readonly<Record<string, SchemaView>>;
  readonly patternProperties?: Readonly<Record<string, SchemaView>>;
  readonly required?: readonly string[];
  readonly items?: SchemaView;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** A TypeBox schema is plain JSON Schema underneath; this names the part of it that we read. */
export function viewOf(schema: TSchema): SchemaView {
  return schema;
}

/** Is the value of the schema's type (limits aside)? A schema without a type takes any. */
export function hasType(schema: SchemaView, value: unknown): boolean {
  if (schema.type === undefined) return true;
  switch (schema.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === schema.type;
  }
}

/** The type in words: `whole number, 1 to 65535`, `"manual", "stage" or "auto"`, `list of texts`. */
export function describeSchema(schema: SchemaView): string {
  if (schema.anyOf !== undefined) return alternativesInWords(schema.anyOf);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === undefined) return 'a value';
  switch (schema.type) {
    case 'integer':
      return `a whole number${rangeInWords(schema)}`;
    case 'number':
      return `a number${rangeInWords(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a text';
    case 'array':
      return `a list [ … ]${schema.minItems === undefined ? '' : ` with at least ${schema.minItems} entry`}`;
    case 'object':
      return 'a group { … }';
  }
}

/** The same for a mistake, with what the key is for. */
export function expectationOf(schema: SchemaView): string {
  const limits = describeSchema(schema);
  const meant = schema.type === 'string' || schema.type === 'array' || schema.type === 'object';
  return meant && schema.description !== undefined ? `${limits}: ${schema.description.replace(/\.$/, '')}` : limits;
}

function alternativesInWords(alternatives: readonly SchemaView[]): string {
  const flat = alternatives.flatMap((one) => one.anyOf ?? [one]);
  const words = flat.filter((one) => one.const !== undefined).map((one) => JSON.stringify(one.const));
  const shapes = [...new Set(flat.filter((one) => one.const === undefined).map(describeSchema))];
  const named = words.length > 1 && shapes.length === 0 ? [`one of ${words.join(', ')}`] : words;
  return [...named, ...shapes].join(' or ');
}

function rangeInWords({ minimum, maximum }: SchemaView): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? '' : `, at most ${maximum}`;
}
