// Copies a project's folder into the local bucket, under the project's id.
//
// The order keeps a reader right at every moment: new files first, then the manifest that names them, then the old ones go.

import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

const MANIFEST = "manifest.json";

/** What a project consists of: data, the manifest, and the copies of footers it names. */
const isOfProject = (/** @type {string} */ name) => name.endsWith(".parquet") || name.endsWith(".bin") || name === MANIFEST;

/** Files on their way at once. */
const IN_FLIGHT = 16;

/**
 * @param {any} lake the R2 bucket
 * @param {string} projectId
 * @param {string} directory the project's folder: `{table}/…/*.parquet`, perhaps `manifest.json` and `footers/*.bin`
 * @returns {Promise<number>} files copied
 */
export async function loadProject(lake, projectId, directory) {
  const files = await filesBelow(directory);
  const data = files.filter((file) => file !== MANIFEST);
  const put = async (/** @type {string} */ file) =>
    lake.put(`${projectId}/${file}`, await readFile(path.join(directory, file)));

  await eachInFlight(data, put);
  if (files.includes(MANIFEST)) await put(MANIFEST);

  const present = new Set(files.map((file) => `${projectId}/${file}`));
  const stale = (await keysBelow(lake, `${projectId}/`)).filter((key) => !present.has(key));
  for (let start = 0; start < stale.length; start += 1000) await lake.delete(stale.slice(start, start + 1000));
  return files.length;
}

/**
 * Every key under a prefix.
 *
 * @param {any} lake
 * @param {string} prefix
 * @returns {Promise<string[]>}
 */
export async function keysBelow(lake, prefix) {
  const keys = [];
  let cursor;
  do {
    const page = await lake.list({ prefix, cursor });
    for (const object of page.objects) keys.push(object.key);
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  return keys;
}

/**
 * Files below a directory, relative, with `/`, sorted; hidden ones and unfinished ones are left out.
 *
 * @param {string} directory
 * @returns {Promise<string[]>}
 */
export async function filesBelow(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isOfProject(entry.name))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .filter((file) => !file.startsWith("."))
    .sort();
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<unknown>} work
 */
async function eachInFlight(items, work) {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
