// The benchmark's questions, as the scripts that ask them need them.

import { readFile } from "node:fs/promises";

/**
 * @typedef {object} Question
 * @property {string} name
 * @property {string} tool
 * @property {any} arguments `{day}` in a text stands for the first of the days asked for
 * @property {string[]} sql what DuckDB is asked: together they answer all that the tool does
 * @property {Record<string, string[]>} columns what a scan needs, by table
 */

const file = JSON.parse(await readFile(new URL("questions.json", import.meta.url), "utf8"));

/** @type {Question[]} */
export const questions = file.questions;

/**
 * @param {Question} question
 * @param {number} day the first of the days asked for
 */
export function argumentsOf(question, day) {
  const given = question.tool === "query" ? question.arguments : { ...file.range, ...question.arguments };
  return JSON.parse(JSON.stringify(given).replaceAll("{day}", String(day)));
}

/**
 * Whether asking about other days asks anything else.
 *
 * @param {Question} question
 */
export function varies(question) {
  return JSON.stringify(argumentsOf(question, 1)) !== JSON.stringify(argumentsOf(question, 2));
}

/** @param {number[]} numbers */
export function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
