/** A value as it would stand in the file, shortened; credentials in addresses are taken out. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const shown = JSON.stringify(value).replace(/(:\/\/)[^/@\s"]+@/g, '$1…@');
  return shorten(shown);
}

/** At most 60 characters. */
export function shorten(textValue: string): string {
  return textValue.length <= 60 ? textValue : `${textValue.slice(0, 57)}…`;
}
