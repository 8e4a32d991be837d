/**
 * The option grammar of libpopt as ipvsadm uses it: attached values (`-srr`), values after `=` (`-s=rr`), grouped
 * flags (`-Ln`), optional values (`-p`, `-p 300`), no abbreviation of long names, words among options.
 *
 * Source: observed of ipvsadm 1.31 with libpopt 1.19; test/cli/grammar.test.ts holds the observations.
 */
export interface OptionDefinition<Id extends string> {
  readonly id: Id;
  readonly long?: string;
  readonly short?: string;
  /** Whether a value follows. An optional one is taken from the next word only where that has no leading dash. */
  readonly value: 'none' | 'required' | 'optional';
}

export interface ParsedOption<Id extends string> {
  readonly id: Id;
  readonly value: string | undefined;
}

/** A word that is no legal option. `message` is popt's own: the whole word, a colon, the reason. */
export class PoptError extends Error {
  constructor(
    word: string,
    reason: 'unknown option' | 'missing argument' | 'option does not take an argument',
  ) {
    super(`${word}: ${reason}`);
    this.name = 'PoptError';
  }
}

/** The options that a command line may have, by name. Made once: `-R` reads 100,000 lines. */
export class OptionTable<Id extends string> {
  readonly #long = new Map<string, OptionDefinition<Id>>();
  readonly #short = new Map<string, OptionDefinition<Id>>();

  constructor(definitions: readonly OptionDefinition<Id>[]) {
    for (const definition of definitions) {
      if (definition.long !== undefined) this.#long.set(definition.long, definition);
      if (definition.short !== undefined) this.#short.set(definition.short, definition);
    }
  }

  long(name: string): OptionDefinition<Id> | undefined {
    return this.#long.get(name);
  }

  short(letter: string): OptionDefinition<Id> | undefined {
    return this.#short.get(letter);
  }
}

/** Reads the options of one command line one after another. */
export class PoptReader<Id extends string> {
  readonly #table: OptionTable<Id>;
  readonly #words: readonly string[];
  readonly #plain: string[] = [];
  #index = 0;
  /** What is left of a group of short options. */
  #group = '';
  #areOptionsOver = false;

  constructor(table: OptionTable<Id>, words: readonly string[]) {
    this.#table = table;
    this.#words = words;
  }

  /** The last word that was consumed: what popt names as the culprit. */
  get lastWord(): string {
    return this.#words[this.#index - 1] ?? '';
  }

  /** The next option, or undefined at the end. Throws {@link PoptError}. */
  next(): ParsedOption<Id> | undefined {
    while (this.#group === '') {
      const word = this.#words[this.#index];
      if (word === undefined) return undefined;
      this.#index++;
      if (this.#areOptionsOver || !word.startsWith('-') || word === '-') this.#plain.push(word);
      else if (word === '--') this.#areOptionsOver = true;
      else if (word.startsWith('--')) return this.#readLong(word.slice(2));
      else this.#group = word.slice(1);
    }
    return this.#readShort();
  }

  /** The next word where it has no leading dash, for an option whose value has a second word; else undefined. */
  takeWord(): string | undefined {
    const word = this.#words[this.#index];
    if (word === undefined || word.startsWith('-')) return undefined;
    this.#index++;
    return word;
  }

  /** The next word that is neither option nor value, or undefined. To be called after the last {@link next}. */
  nextPlainWord(): string | undefined {
    return this.#plain.shift();
  }

  #readLong(text: string): ParsedOption<Id> {
    const equals = text.indexOf('=');
    const definition = this.#table.long(equals < 0 ? text : text.slice(0, equals));
    return this.#finish(definition, equals < 0 ? undefined : text.slice(equals + 1));
  }

  #readShort(): ParsedOption<Id> {
    const definition = this.#table.short(this.#group.charAt(0));
    const rest = this.#group.slice(1);
    const isValue =
      rest.startsWith('=') || (rest !== '' && definition !== undefined && definition.value !== 'none');
    this.#group = isValue ? '' : rest;
    if (!isValue) return this.#finish(definition, undefined);
    return this.#finish(definition, rest.startsWith('=') ? rest.slice(1) : rest);
  }

  #finish(definition: OptionDefinition<Id> | undefined, attached: string | undefined): ParsedOption<Id> {
    if (definition === undefined) throw new PoptError(this.lastWord, 'unknown option');
    const { id, value } = definition;
    if (value === 'none') {
      if (attached !== undefined) throw new PoptError(this.lastWord, 'option does not take an argument');
      return { id, value: undefined };
    }
    if (attached !== undefined) return { id, value: attached };
    const next = this.#words[this.#index];
    if (next === undefined && value === 'required') throw new PoptError(this.lastWord, 'missing argument');
    if (next === undefined || (value === 'optional' && next.startsWith('-'))) return { id, value: undefined };
    this.#index++;
    return { id, value: next };
  }
}
