// An R2 bucket that counts what is asked of it, and fails when told to.
//
// To the Worker it is the bucket: same methods, same objects, same name of the class.

/**
 * @typedef {object} Tally
 * @property {number} reads objects or ranges fetched
 * @property {number} lists
 * @property {number} bytes bytes of the fetched ranges
 */

/**
 * @param {any} bucket
 * @param {Tally} tally counted up as the Worker reads
 * @param {number} failFrom the read, counted from 1, from which on every read fails; 0: none fails
 */
export function observedBucket(bucket, tally, failFrom = 0) {
  const methods = {
    async get(/** @type {unknown[]} */ ...args) {
      tally.reads += 1;
      if (failFrom > 0 && tally.reads >= failFrom) {
        throw new Error("get: We encountered an internal error. Please try again. (10001)");
      }
      const object = await bucket.get(...args);
      if (object && "body" in object) tally.bytes += object.range?.length ?? object.size;
      return object;
    },
    async list(/** @type {unknown[]} */ ...args) {
      tally.lists += 1;
      return bucket.list(...args);
    },
  };
  return new Proxy(bucket, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[/** @type {keyof typeof methods} */ (name)];
      const value = target[name];
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
}
