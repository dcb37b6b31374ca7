/** The service of one server's launcher; a name of the configuration may hold what a service's may not. Pure. */
export function serviceName({ name }: { readonly name: string }): string {
  return `om-launcher-${name.replace(/[^A-Za-z0-9_.-]+/g, '-')}`;
}
