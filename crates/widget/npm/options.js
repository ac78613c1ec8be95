// What callers pass, checked: wrong and unknown options are errors that programs can tell apart.

/** A refusal with a `code` that programs can tell apart; index.d.ts lists them. */
export class OrdinalError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'OrdinalError';
    this.code = code;
  }
}

const VIEWS = ['terminal', 'picture', 'editor', 'events', 'lesson'];

const kinds = {
  count: ['a whole number of at least 0', (value) => Number.isSafeInteger(value) && value >= 0],
  duration: ['a finite number of at least 0', (value) => Number.isFinite(value) && value >= 0],
  positive: ['a finite number above 0', (value) => Number.isFinite(value) && value > 0],
  text: ['a string', (value) => typeof value === 'string'],
  date: ['a Date or milliseconds since 1970', (value) => Number.isFinite(Number(value)) && Number(value) >= 0 && (typeof value === 'number' || value instanceof Date)],
  texts: ['an object of strings', (value) => isObject(value) && Object.values(value).every((text) => typeof text === 'string')],
  lines: ['a list of strings', (value) => Array.isArray(value) && value.every((text) => typeof text === 'string')],
  flag: ['true or false', (value) => typeof value === 'boolean'],
  address: ['an address', (value) => value instanceof URL || typeof value === 'string'],
  nodes: ['a whole number from 1 to 5000', (value) => Number.isSafeInteger(value) && value >= 1 && value <= 5000],
  speed: ['1, 5, 20 or 100', (value) => [1, 5, 20, 100].includes(value)],
  views: ['a list of terminal, picture, editor, events, lesson', (value) => Array.isArray(value) && value.every((view) => VIEWS.includes(view))],
  lang: ['en or ja', (value) => ['en', 'ja'].includes(value)],
  theme: ['auto, light or dark', (value) => ['auto', 'light', 'dark'].includes(value)],
  lesson: ['the name of a lesson', (value) => typeof value === 'string' && /^[a-z0-9-]+$/.test(value)],
  any: ['anything', () => true],
  condition: ['"settled" or a function', (value) => value === 'settled' || typeof value === 'function'],
  listener: ['a function', (value) => typeof value === 'function'],
};

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

export function check(what, value, kind) {
  const [words, holds] = kinds[kind];
  if (!holds(value)) throw new OrdinalError('InvalidOption', `${what} must be ${words}`);
  return value;
}

// The options that `known` names (name: [kind, default]); others are errors.
export function read(options, known, what) {
  if (!isObject(options)) throw new OrdinalError('InvalidOption', `${what} must be an object`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw new OrdinalError('InvalidOption', `${what}: unknown option "${name}"; there are: ${Object.keys(known).join(', ')}`);
    }
  }
  return Object.fromEntries(Object.entries(known).map(([name, [kind, fallback]]) => {
    const value = options[name];
    return [name, value === undefined ? fallback : check(`${what}: ${name}`, value, kind)];
  }));
}

export function optionalText(what, value) {
  return value === undefined || value === null ? undefined : check(what, value, 'text');
}
