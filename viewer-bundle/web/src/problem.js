// Why something cannot be shown: a key of the texts, so that it is said in the language of the page.

export class Problem extends Error {
  /** @param {string} key of `problem…` in the texts @param {object} values what the sentence names */
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** Anything thrown, as a problem that can be told to somebody. */
export function asProblem(error) {
  const cause = error?.error ?? error;
  return cause instanceof Problem ? cause : new Problem('damaged');
}
