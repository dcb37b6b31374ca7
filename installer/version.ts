/** Compares dotted versions number by number; a pre-release (`-rc.1`) comes before its release. Negative: a is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return compareParts(left.numbers, right.numbers) || comparePreReleases(left.preRelease, right.preRelease);
}

function splitVersion(version: string): { numbers: string[]; preRelease: string[] } {
  const [core = '', ...rest] = (version.split('+')[0] ?? '').split('-');
  return { numbers: core.split('.'), preRelease: rest.length > 0 ? rest.join('-').split('.') : [] };
}

function comparePreReleases(left: string[], right: string[]): number {
  if (left.length === 0 || right.length === 0) {
    return right.length - left.length;
  }
  return compareParts(left, right) || left.length - right.length;
}

function compareParts(left: string[], right: string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = comparePart(left[index] ?? '0', right[index] ?? '0');
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

/** Numbers compare as numbers and come before words. */
function comparePart(left: string, right: string): number {
  const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (leftNumber && rightNumber) {
    return Number(left) - Number(right);
  }
  if (leftNumber !== rightNumber) {
    return leftNumber ? -1 : 1;
  }
  return left < right ? -1 : Number(left > right);
}
