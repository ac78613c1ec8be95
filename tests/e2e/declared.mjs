// What the package's declarations name.
import { readFileSync } from 'node:fs';

// The members of an interface, those that it takes over included.
export function declared(file, name) {
  const [, base, body] = new RegExp(`^export interface ${name}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(readFileSync(file, 'utf8'));
  const own = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, member]) => member);
  return new Set([...own, ...(base ? declared(file, base) : [])]);
}
