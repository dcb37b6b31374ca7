/** Replaces `{name}` by its value, once; unknown names stay as they are, and values are never looked at again. */
export function replacePlaceholders(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([A-Za-z]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
