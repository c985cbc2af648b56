// The Durable Objects that count requests, made to fail: to the Worker it is the same namespace, whose objects cannot be reached.

/** @typedef {"reject" | "error" | "silence"} Failure a call that throws, an answer that is none, or no answer at all */

/**
 * @param {any} namespace
 * @param {Failure} failure
 */
export function failingCounters(namespace, failure) {
  const object = {
    fetch() {
      if (failure === "reject") return Promise.reject(new Error("Network connection lost."));
      if (failure === "error") return Promise.resolve(new Response("internal error", { status: 500 }));
      return new Promise(() => {});
    },
  };
  return new Proxy(namespace, {
    get(target, name) {
      if (name === "getByName" || name === "get") return () => object;
      const value = target[name];
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
}
