/** What an answer says that nobody outside needs: a stack, a file, a statement of ours. */
export const insides =
  /\bat (async )?[\w.#<>]+ \(|node:internal|node_modules|\.[jt]s:\d+|\/tmp\/|\/app\/|\bSELECT\b|\bINSERT\b|preferences\.\w+_\w+|TypeError|RangeError|SyntaxError/;
