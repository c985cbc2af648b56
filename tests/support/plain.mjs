// What no text that leaves the server may contain: the inside of it.

import assert from "node:assert/strict";

/** Names of our parts, traces, and what Rust prints when something is wrong with the program itself. */
const INTERNAL = [
  /panicked|unwrap\(\)|\.rs:\d+|RuntimeError|wasm:\/\//,
  /DataFusion|DataFusionError|ArrowError|ParquetError|object_store|ObjectStore/i,
  /\bat [\w$.]+ \(.*:\d+:\d+\)/,
  /Internal error|This was likely caused by a bug|RefCell|BorrowMut|JsValue/,
  /\bR2Error\b|\(10001\)|D1_ERROR|SQLITE/,
];

/**
 * Fails where a text tells of the inside, or is no sentence.
 *
 * @param {string} text
 */
export function assertPlain(text) {
  for (const pattern of INTERNAL) assert.doesNotMatch(text, pattern, text.slice(0, 600));
  assert.match(text, /\w+ \w+/, "a sentence");
}
