// The benchmark's project, and its data in the bucket.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { startWorker } from "../xtask/local/runtime.mjs";
import { loadProject } from "../xtask/local/lake.mjs";

export const PROJECT = { id: "bench", name: "Bench", organization: { id: "org_bench", name: "Bench" } };

/**
 * Puts the data into the bucket once; what was loaded is noted beside it.
 *
 * @param {string} data a folder that `cargo xtask bench` made
 * @param {string} state where the bucket is kept
 */
export async function load(data, state) {
  const generation = await readFile(path.join(data, ".generation"), "utf8");
  const note = path.join(state, "loaded");
  if ((await readFile(note, "utf8").catch(() => "")) === generation) return;
  console.error("▸ loading the bucket");
  const worker = await startWorker({ state });
  await loadProject(worker.lake, PROJECT.id, path.join(data, PROJECT.id));
  await worker.stop();
  await mkdir(state, { recursive: true });
  await writeFile(note, generation);
}
