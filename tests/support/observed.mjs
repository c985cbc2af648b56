// The modules put around the built Worker to watch what it does and to make what it depends on fail, the entry first.

/** Relative to the workspace's root. */
export const OBSERVED = ["entry", "bucket", "counters", "database", "memory"].map((name) => `tests/support/observed/${name}.mjs`);
