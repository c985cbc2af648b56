// The database failing at each call of a step: before it did anything, or after, so that only its answer is lost.

import assert from "node:assert/strict";

import { assertPlain } from "./plain.mjs";

/** How a step's call to the database fails. */
export const WHEN = /** @type {const} */ (["before", "after"]);

/** The header that makes that call of a request fail so; the Worker must be one that is observed. */
export const failing = (/** @type {number} */ call, /** @type {string} */ when) => ({ "x-test-fail-database": `${call} ${when}` });

/** How many calls to the database an answer took. */
export const callsOf = (/** @type {{headers: Headers}} */ { headers }) => JSON.parse(headers.get("x-test-cost") ?? "{}").databaseCalls;

/**
 * Does a step whole, then with each of its calls failing in each way.
 *
 * @template State
 * @param {() => Promise<State>} prepare a fresh state before the step
 * @param {(state: State, headers: Record<string, string>) => Promise<{headers: Headers, status: number}>} step
 * @param {(state: State, answer: any, when: "before" | "after", call: number) => Promise<void>} check
 */
export async function atEachCall(prepare, step, check) {
  // Twice: the first time an isolate also fetches what it keeps, such as the keys.
  await step(await prepare(), {});
  const whole = await step(await prepare(), {});
  assert.ok(whole.status < 400, `${whole.status}`);
  const calls = callsOf(whole);
  assert.ok(calls >= 1, "it asks the database");
  for (const when of WHEN) {
    for (let call = 1; call <= calls; call += 1) {
      const fresh = await prepare();
      const answer = await step(fresh, failing(call, when));
      assert.ok(callsOf(answer) >= call, `call ${call} was made, and failed`);
      await check(fresh, answer, when, call);
    }
  }
}

/** @param {import("./page.mjs").Page} page */
export function assertUnavailablePage(page) {
  assert.equal(page.status, 503, page.text.slice(0, 200));
  assert.ok(Number(page.headers.get("retry-after")) >= 1);
  assert.equal(page.next, undefined);
  assertPlain(page.text);
  assert.match(page.text, /quote \S+/, "an id to quote");
  assert.ok(!page.headers.getSetCookie().some((line) => /^__Host-sightline=;/.test(line)), "nobody is signed out");
}
