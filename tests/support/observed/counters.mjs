// The Durable Objects that count requests, observed: how often they are asked, whether before D1 has answered, and failing when told to.
//
// To the Worker they are the same bindings: same methods, same names of the classes.

/** @typedef {"reject" | "error" | "silence"} Failure a call that throws, an answer that is none, or no answer at all */

/**
 * @typedef {object} Asked
 * @property {number} counters calls to counters
 * @property {number} early those of them made before D1 had answered
 */

/**
 * @param {any} env
 * @param {Asked} asked counted up as the Worker asks
 * @param {Failure | null} failure
 * @returns {{DB: any, LIMITS: any}}
 */
export function observedCounters({ DB, LIMITS }, asked, failure) {
  let isAccessKnown = false;
  const fetch = (/** @type {any} */ object, /** @type {unknown[]} */ args) => {
    asked.counters += 1;
    if (!isAccessKnown) asked.early += 1;
    if (failure === "reject") return Promise.reject(new Error("Network connection lost."));
    if (failure === "error") return Promise.resolve(new Response("internal error", { status: 500 }));
    if (failure === "silence") return new Promise(() => {});
    return object.fetch(...args);
  };
  return {
    DB: replaced(DB, {
      async batch(/** @type {unknown[]} */ ...args) {
        const results = await DB.batch(...args);
        isAccessKnown = true;
        return results;
      },
    }),
    LIMITS: replaced(LIMITS, {
      getByName(/** @type {string} */ name) {
        const object = LIMITS.getByName(name);
        return { fetch: (/** @type {unknown[]} */ ...args) => fetch(object, args) };
      },
    }),
  };
}

/**
 * @param {any} binding
 * @param {Record<string, (...args: any[]) => unknown>} methods
 */
function replaced(binding, methods) {
  return new Proxy(binding, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[/** @type {string} */ (name)];
      const value = target[name];
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
}
