// For what asks the store at every request: each answer is read once, until a resource is put or removed.
import type { Stored } from "./definition.ts";
import type { Resources, Store } from "./store.ts";

export function remembered(store: Store): Resources {
  const single = new Map<string, Stored | undefined>();
  const lists = new Map<string, Stored[]>();
  let at = store.changes;

  function once<T>(known: Map<string, T>, key: string, read: () => T): T {
    if (at !== store.changes) {
      at = store.changes;
      single.clear();
      lists.clear();
    }
    if (!known.has(key)) known.set(key, read());
    return known.get(key) as T;
  }
  return {
    get: (token, id) => once(single, `${token} ${id}`, () => store.get(token, id)),
    list: (token) => once(lists, token, () => store.list(token)),
  };
}
