/** Readers of the fields of a JSON object that came from outside. All throw UipvsError EINVAL naming field and value. */
import { UipvsError } from '../base/error.js';

export type Fields = Readonly<Record<string, unknown>>;

/** Throws. */
export function refuse(name: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
  throw new UipvsError('EINVAL', `Expected ${expected} for ${name} but received ${shown}`);
}

export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object', value);
  return value as Fields;
}

export function integer(fields: Fields, name: string, least: number, most: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(name, `an integer from ${least} to ${most}`, value);
  }
  return value;
}

export function oneOf<Choice extends string>(
  fields: Fields,
  name: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === fields[name]);
  return found ?? refuse(name, `one of ${choices.join(', ')}`, fields[name]);
}

/** Of `least` to `most` characters. */
export function text(fields: Fields, name: string, least: number, most: number): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length < least || value.length > most) {
    refuse(name, `a text of ${least} to ${most} characters`, value);
  }
  return value;
}
