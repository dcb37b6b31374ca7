import { type SchemaOptions, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { LIMITS } from './defaults.ts';

/** The few shapes of which the configuration's schema is built; the checker (`check-shape.ts`) knows exactly these. */

/** Patterns that say where a path may lie. */
export const absolutePattern = { relative: '^(?!/)(?!.*(^|/)\\.\\.(/|$))[^\\\\:]+$' } as const;

/** An object that refuses keys it does not know. */
export function closed<Properties extends TProperties>(properties: Properties, description: string) {
  return Type.Object(properties, { additionalProperties: false, description });
}

export function text(description: string, options: SchemaOptions & { readonly pattern?: string } = {}) {
  return Type.String({ minLength: 1, maxLength: LIMITS.text, ...options, description });
}

/** A file or folder; relative paths count from the configuration file's folder. */
export function path(description: string) {
  return Type.String({ minLength: 1, maxLength: LIMITS.text, pattern: '^[^\\x00]+$', description });
}

export function list<Item extends TSchema>(item: Item, options: SchemaOptions & { readonly minItems?: number } = {}) {
  return Type.Array(item, { maxItems: LIMITS.entries, ...options });
}

export function seconds(
  description: string,
  minimum: number,
  options: SchemaOptions & { readonly maximum?: number } = {},
) {
  return Type.Number({ minimum, maximum: LIMITS.seconds, ...options, description });
}

/** One of a few words. */
export function choice<const Values extends readonly string[]>(
  values: Values,
  description: string,
  options: SchemaOptions = {},
) {
  const union = Type.Union(values.map((value) => Type.Literal(value)));
  return Type.Unsafe<Values[number]>({ ...union, ...options, description });
}
