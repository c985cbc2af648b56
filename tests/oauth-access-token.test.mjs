// Access tokens at `/mcp`: only ours, for this resource, now (RFC 9068, RFC 8725). Each attack is tried beside a good token of the same person.

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { before, describe, it } from "node:test";

import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { maced, opened, serverKey, signed, strangersKey, unsigned } from "./support/forged.mjs";
import { granted } from "./support/granted.mjs";
import { shipped } from "./support/worker.mjs";

describe("an access token", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {Awaited<ReturnType<typeof granted>>} */
  let victim;
  /** @type {ReturnType<typeof opened>} */
  let good;
  /** @type {import("node:crypto").KeyObject} */
  let key;
  before(async () => {
    server = await shipped();
    victim = await granted(server);
    good = opened(victim.tokens.access_token);
    key = await serverKey(server.db, good.header.kid);
  });

  const status = async (/** @type {string} */ token, revision = LEGACY) => (await new Mcp(server.endpoint, token, revision).exchange("ping")).status;

  it("RFC 9068 §2: says whose, whence, for what and until when, and no more", () => {
    const { iss, aud, sub, client_id: app, scope, jti, cid, iat, exp, ...rest } = good.claims;
    const origin = server.url.origin;
    assert.deepEqual([iss, aud, sub, app, scope, cid], [origin, `${origin}/mcp`, victim.who.id, victim.app.id, "mcp:analytics:read", victim.connectionId]);
    assert.deepEqual(rest, {});
    assert.ok(jti.length > 20);
    assert.ok(exp - iat <= 3600 && exp - iat >= 3599);
    const { kid, ...header } = good.header;
    assert.deepEqual(header, { alg: "ES256", typ: "at+jwt" });
    assert.ok(kid);
  });

  it("made by a test in the server's own way gets in, so that what follows fails for the reason it names", async () => {
    assert.equal(await status(signed(good.header, good.claims, key)), 200);
  });

  /** What somebody might send; each is the good token but for one thing. @type {Record<string, () => string>} */
  const attacks = {
    "RFC 9068 §4: for another audience": () => signed(good.header, { ...good.claims, aud: "https://other.example/mcp" }, key),
    "RFC 9068 §4: for another resource of this host": () => signed(good.header, { ...good.claims, aud: server.url.origin }, key),
    "RFC 9068 §4: for several audiences": () => signed(good.header, { ...good.claims, aud: [good.claims.aud, "https://other.example"] }, key),
    "RFC 9068 §4: for none": () => signed(good.header, { ...good.claims, aud: undefined }, key),
    "RFC 9068 §4: of another issuer": () => signed(good.header, { ...good.claims, iss: "https://evil.example" }, key),
    "RFC 9068 §4: of this issuer with a slash": () => signed(good.header, { ...good.claims, iss: `${good.claims.iss}/` }, key),
    "RFC 9068 §4: expired": () => signed(good.header, { ...good.claims, exp: Math.floor(Date.now() / 1000) - 1 }, key),
    "RFC 9068 §4: without an end": () => signed(good.header, { ...good.claims, exp: undefined }, key),
    "RFC 9068 §4: with an end that is text": () => signed(good.header, { ...good.claims, exp: "never" }, key),
    "from the future": () => signed(good.header, { ...good.claims, iat: good.claims.iat + 7200, exp: good.claims.exp + 7200 }, key),
    "RFC 9068 §2.1: of another type (an ID token)": () => signed({ ...good.header, typ: "JWT" }, good.claims, key),
    "RFC 9068 §2.1: of no type": () => signed({ ...good.header, typ: undefined }, good.claims, key),
    "RFC 7515 §4.1.11: with an extension that must be understood": () => signed({ ...good.header, crit: ["exp"] }, good.claims, key),
    "of a scope there is not": () => signed(good.header, { ...good.claims, scope: "mcp:analytics:write" }, key),
    "of a connection there is not": () => signed(good.header, { ...good.claims, cid: "con_nobody" }, key),
    "of another person's name": () => signed(good.header, { ...good.claims, sub: "somebody" }, key),
    "of another app's name": () => signed(good.header, { ...good.claims, client_id: "app_other" }, key),
    "signed by a stranger": () => signed(good.header, good.claims, strangersKey().privateKey),
    "RFC 8725 §3.10: signed by a stranger who sends the key along": () => {
      const { privateKey, publicKey } = strangersKey();
      return signed({ ...good.header, jwk: publicKey.export({ format: "jwk" }) }, good.claims, privateKey);
    },
    "RFC 8725 §3.10: signed by a stranger who says where the key is": () =>
      signed({ ...good.header, jku: "https://evil.example/jwks.json", kid: "evil" }, good.claims, strangersKey().privateKey),
    "signed with a key id that is a path": () => signed({ ...good.header, kid: "../../../dev/null" }, good.claims, key),
    "signed with a key id that is SQL": () => signed({ ...good.header, kid: "' OR 1=1 --" }, good.claims, key),
    "RFC 8725 §2.1: with `alg: none`": () => unsigned({ ...good.header, alg: "none" }, good.claims),
    "RFC 8725 §2.1: with `alg: NoNe`": () => unsigned({ ...good.header, alg: "NoNe" }, good.claims),
    "RFC 8725 §2.1: with `alg: none` and the good signature": () => unsigned({ ...good.header, alg: "none" }, good.claims, good.signature),
    "RFC 8725 §2.1: HS256 with the public key as PEM": () =>
      maced({ ...good.header, alg: "HS256" }, good.claims, /** @type {string} */ (createPublicKey(key).export({ format: "pem", type: "spki" }))),
    "RFC 8725 §2.1: HS256 with the public key as JWK": () =>
      maced({ ...good.header, alg: "HS256" }, good.claims, JSON.stringify(createPublicKey(key).export({ format: "jwk" }))),
    "RFC 8725 §2.1: HS256 with the public point": () => {
      const { x = "", y = "" } = createPublicKey(key).export({ format: "jwk" });
      const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
      return maced({ ...good.header, alg: "HS256" }, good.claims, point);
    },
    "with the signature of another token": () => unsigned(good.header, { ...good.claims, jti: "other" }, good.signature),
    "with a wider scope under the old signature": () => unsigned(good.header, { ...good.claims, scope: "mcp:analytics:read mcp:query:read" }, good.signature),
    "with an empty signature": () => unsigned(good.header, good.claims),
    "with r = s = 0 (CVE-2022-21449)": () => unsigned(good.header, good.claims, Buffer.alloc(64).toString("base64url")),
    "cut short": () => victim.tokens.access_token.slice(0, -2),
    "with a fourth part": () => `${victim.tokens.access_token}.x`,
    "that is a refresh token": () => victim.tokens.refresh_token,
  };
  for (const [what, make] of Object.entries(attacks)) {
    it(`is refused: ${what}`, async () => {
      const token = make();
      for (const revision of [LEGACY, MODERN]) {
        const { status, headers, body } = await new Mcp(server.endpoint, token, revision).exchange("tools/list");
        assert.equal(status, 401);
        assert.match(headers.get("www-authenticate") ?? "", /error="invalid_token"/);
        assert.equal(body.result, undefined);
      }
    });
  }

  it("and after all of that the good one is as good as before", async () => {
    assert.equal(await status(victim.tokens.access_token), 200);
  });

  it("never gives more than its connection was granted, whatever is signed into it", async () => {
    const { tokens } = await granted(server, { terms: { scope: "mcp:schema:read" } });
    const { header, claims } = opened(tokens.access_token);
    const wider = signed(header, { ...claims, scope: "mcp:analytics:read" }, key);
    const { status, headers } = await new Mcp(server.endpoint, wider).exchange("tools/call", { name: "query", arguments: { sql: "SELECT 1" } });
    assert.ok(status === 401 || status === 403, `${status}`);
    assert.ok(headers.get("www-authenticate"));
  });

  it("RFC 9700 §4.3.2: is not taken from the query, the cookie or the body", async () => {
    const token = victim.tokens.access_token;
    assert.equal((await new Mcp(`${server.endpoint}?token=${token}`).exchange("ping")).status, 401);
    assert.equal((await new Mcp(`${server.endpoint}?access_token=${token}`).exchange("ping")).status, 401);
    assert.equal((await new Mcp(server.endpoint).exchange("ping", undefined, { cookie: `access_token=${token}; token=${token}` })).status, 401);
    const form = await fetch(server.endpoint, { method: "POST", body: new URLSearchParams({ access_token: token }) });
    assert.equal(form.status, 401);
  });

  it("RFC 8707 §2: of one name of this machine is none at another", async () => {
    const { tokens } = await granted(server);
    const { header, claims } = opened(tokens.access_token);
    const other = `http://localhost:${server.url.port}`;
    assert.equal(await status(signed(header, { ...claims, iss: other, aud: `${other}/mcp` }, key)), 401);
  });

  it("is in no line of the log, nor any part of it", () => {
    const logged = server.logged.join("\n");
    for (const text of [victim.tokens.access_token.split(".")[1], good.signature, victim.tokens.refresh_token]) assert.ok(!logged.includes(text));
  });
});
