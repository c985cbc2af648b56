// Applies `migrations/*.sql` to a local D1, and keeps the same book as `wrangler d1 migrations apply`.

import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

import { unstable_splitSqlQuery as splitSql } from "wrangler";

import { ROOT } from "./runtime.mjs";

/** The table in which wrangler notes what it applied. */
const BOOK = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies what the database has not seen yet, each file in one transaction.
 *
 * @param {any} db
 * @returns {Promise<string[]>} the files applied now
 */
export async function migrate(db) {
  await db.prepare(BOOK).run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((/** @type {{name: string}} */ row) => row.name));

  const directory = path.join(ROOT, "migrations");
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  const pending = files.filter((file) => !applied.has(file));
  for (const file of pending) {
    const statements = splitSql(await readFile(path.join(directory, file), "utf8"));
    await db.batch([
      ...statements.map((statement) => db.prepare(statement)),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(file),
    ]);
  }
  return pending;
}
