// A D1 database that counts the calls made to it, and fails one of them when told to: before it did anything, or after, so that only
// its answer is lost.
//
// To the Worker it is the database: same methods, same statements, same name of the class.

/** @typedef {{call: number, when: "before" | "after"}} DatabaseFailure `call`, counted from 1; from it on every call fails if `before` */

/**
 * @param {string | null} text `3 before`
 * @returns {DatabaseFailure | undefined}
 */
export function databaseFailure(text) {
  const [call, when] = (text ?? "").split(" ");
  return when === "before" || when === "after" ? { call: Number(call), when } : undefined;
}

/**
 * @param {any} database
 * @param {{databaseCalls: number}} asked counted up as the Worker asks
 * @param {DatabaseFailure} [failure]
 */
export function observedDatabase(database, asked, failure) {
  const lost = () => new Error("D1_ERROR: Network connection lost.");
  const call = async (/** @type {() => Promise<unknown>} */ ask) => {
    asked.databaseCalls += 1;
    const at = asked.databaseCalls;
    if (failure?.when === "before" && at >= failure.call) throw lost();
    const answer = await ask();
    if (failure?.when === "after" && at === failure.call) throw lost();
    return answer;
  };
  /** A statement that is asked by itself counts as well; it stays the object it is, since `batch` takes no other. */
  const watched = (/** @type {any} */ statement) => {
    const { bind } = statement;
    statement.bind = (/** @type {unknown[]} */ ...values) => watched(bind.apply(statement, values));
    for (const name of ["all", "first", "raw", "run"]) {
      const method = statement[name];
      statement[name] = (/** @type {unknown[]} */ ...args) => call(() => method.apply(statement, args));
    }
    return statement;
  };
  const methods = {
    batch: (/** @type {unknown[]} */ ...args) => call(() => database.batch(...args)),
    prepare: (/** @type {string} */ sql) => watched(database.prepare(sql)),
  };
  return new Proxy(database, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[/** @type {keyof typeof methods} */ (name)];
      const value = target[name];
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
}
