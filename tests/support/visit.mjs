// Opens an app's address, signs in and agrees, for tests in other languages: `node visit.mjs ADDRESS`, with `{email, password}` on
// standard input. Prints the address the app is told its answer by.

import { text } from "node:stream/consumers";

import { Browser } from "./browser.mjs";
import { consentPage, decide, told } from "./flow.mjs";

const address = process.argv[2];
const person = JSON.parse(await text(process.stdin));
const browser = new Browser(address);
console.log(told(await decide(browser, await consentPage(browser, address, person))).href);
