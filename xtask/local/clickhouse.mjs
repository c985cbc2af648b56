// A ClickHouse beside a local Worker: the engine from PyPI behind a front that speaks its interface.

import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { ROOT } from "./runtime.mjs";

/** The database its tables are in. */
const DATABASE = "sightline";
const USER = "reader";

/**
 * The variables of a Worker whose projects are there.
 *
 * @param {{url: string, password: string, mapping?: string}} server
 * @returns {Record<string, string>}
 */
export function clickhouseVars({ url, password, mapping = "" }) {
  return {
    WAREHOUSE: "clickhouse",
    CLICKHOUSE_URL: url,
    CLICKHOUSE_USER: USER,
    CLICKHOUSE_PASSWORD: password,
    CLICKHOUSE_DATABASE: mapping ? "" : DATABASE,
    CLICKHOUSE_MAPPING: mapping,
  };
}

/**
 * Starts one that holds the projects of these folders; it is gone with `stop`, and its data with it.
 *
 * @param {string} python an interpreter that has `tests/requirements.txt`
 * @param {string[]} folders
 * @param {string[]} [more] further arguments of the front
 * @returns {Promise<{url: string, password: string, stop: () => Promise<void>}>}
 */
export async function startClickhouse(python, folders, more = []) {
  const store = await mkdtemp(path.join(tmpdir(), "sightline-clickhouse-"));
  const password = randomBytes(16).toString("base64url");
  const front = [path.join(ROOT, "tests/clickhouse/front.py"), "--store", store, "--database", DATABASE, "--user", USER, "--password", password];
  const process = spawn(python, [...front, ...folders.flatMap((folder) => ["--load", folder]), ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => process.once("exit", resolve));
  const stop = async () => {
    process.kill();
    await ended;
    await rm(store, { recursive: true, force: true });
  };
  const first = createInterface({ input: process.stdout })[Symbol.asyncIterator]().next();
  const { value, done } = await Promise.race([first, ended.then(() => ({ value: "", done: true }))]);
  if (done) {
    await stop();
    throw new Error("the ClickHouse for the demo did not start");
  }
  return { url: JSON.parse(value).url, password, stop };
}
