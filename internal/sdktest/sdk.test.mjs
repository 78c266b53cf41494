// Drives the built program with Polar's published SDKs, each with its own
// request builders and response parsers.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createInterface } from "node:readline";

import { Polar } from "polar-sdk-0";
import * as v202604 from "polar-sdk-1/2026-04";
import * as v202610 from "polar-sdk-1/2026-10";

const organization = "0a0a0a0a-0000-4000-8000-00000000000a";
const token = "polar_oat_sdktest";
const dir = mkdtempSync(join(tmpdir(), "licensekey-sdktest-"));
const program = process.env.LICENSEKEY ?? join(dir, "licensekey");
let server, url;

// The 1.x line takes and returns the wire's names, the 0.49 line camel case;
// both call the same three operations.
const camel = (name) => name.replace(/_(.)/g, (_, c) => c.toUpperCase());
const sdk0 = (service) => ({
  call: (operation, body) => {
    const request = Object.fromEntries(Object.entries(body).map(([name, value]) => [camel(name), value]));
    return service()[operation](request);
  },
  field: (result, name) => result[camel(name)],
});
const sdk1 = (service) => ({
  call: (operation, body) => service()[operation](body),
  field: (result, name) => result[name],
});

const clients = [
  { name: "0.49 customer portal", ...sdk0(() => new Polar({ serverURL: url }).customerPortal.licenseKeys) },
  { name: "0.49 server", server: true, ...sdk0(() => new Polar({ serverURL: url, accessToken: token }).licenseKeys) },
  { name: "1.x 2026-04 customer portal", ...sdk1(() => v202604.createPolar({ baseUrl: url }).customerPortal.licenseKeys) },
  { name: "1.x 2026-04 server", server: true, ...sdk1(() => v202604.createPolar({ baseUrl: url, accessToken: token }).licenseKeys) },
  { name: "1.x 2026-10 customer portal", ...sdk1(() => v202610.createPolar({ baseUrl: url }).customerPortal.licenseKeys) },
];

function licensekey(...args) {
  return execFileSync(program, args, { encoding: "utf8" });
}

// issue makes a license key for a client: one seat, three uses.
const keys = {};
function issue(name) {
  const out = licensekey("issue", "-db", join(dir, "licenses.db"), "-org", organization, "-activations", "1", "-usage", "3",
    "-email", "ada@example.com", "-name", "Ada", "-expires", "2099-01-01T00:00:00Z");
  keys[name] = out.match(/^key +(.*)$/m)[1];
}

before(async () => {
  if (!process.env.LICENSEKEY) {
    execFileSync("go", ["build", "-o", program, "."], { cwd: new URL("../../cmd/licensekey", import.meta.url), stdio: "inherit" });
  }
  for (const client of clients) issue(client.name);
  server = spawn(program, ["-addr", "127.0.0.1:0", "-db", join(dir, "licenses.db"), "-token", `${token}=${organization}`],
    { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.startsWith("listening on ")) {
      url = line.slice("listening on ".length);
      break;
    }
  }
  assert.ok(url, "the program did not start");
});

after(() => {
  server?.kill();
  rmSync(dir, { recursive: true, force: true });
});

// fails asserts that a call raises the SDK's own error of that name.
async function fails(promise, name, detail) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.constructor.name, name, `got ${error.constructor.name}: ${error.message}`);
    if (detail) assert.match(JSON.stringify(error) + error.message + (error.body ?? ""), detail);
    return true;
  });
}

for (const { name, call, field } of clients) {
  describe(name, () => {
    const base = () => ({ key: keys[name], organization_id: organization });
    let activation;

    test("activate", async () => {
      const got = await call("activate", { ...base(), label: "laptop", conditions: { major: 1 }, meta: { os: "linux", ratio: 0.5, pro: true } });
      activation = field(got, "id");
      assert.equal(field(got, "label"), "laptop");
      assert.deepEqual(field(got, "meta"), { os: "linux", ratio: 0.5, pro: true });
      const key = field(got, "license_key");
      assert.equal(field(key, "key"), keys[name]);
      assert.equal(field(key, "limit_activations"), 1);
      assert.equal(field(key, "customer").email, "ada@example.com");
    });

    test("activate beyond the limit", () =>
      fails(call("activate", { ...base(), label: "desktop" }), "NotPermitted", /License key activation limit already reached/));

    test("validate with activation, conditions and usage", async () => {
      const got = await call("validate", { ...base(), activation_id: activation, conditions: { major: 1 }, increment_usage: 2 });
      assert.equal(field(got, "usage"), 2);
      assert.equal(field(got, "validations"), 1);
      assert.equal(field(got, "status"), "granted");
      assert.equal(field(got, "activation").id, activation);
    });

    test("validate with other conditions", () =>
      fails(call("validate", { ...base(), activation_id: activation, conditions: { major: 2 } }), "ResourceNotFound",
        /License key does not match required conditions/));

    test("validate beyond the usage", async () => {
      await assert.rejects(call("validate", { ...base(), increment_usage: 2 }), /License key only has 1 more usages|400/);
    });

    test("deactivate", async () => {
      await call("deactivate", { ...base(), activation_id: activation });
    });

    test("deactivate again", () =>
      fails(call("deactivate", { ...base(), activation_id: activation }), "ResourceNotFound", /Not found/));

    test("validate a deactivated activation", () =>
      fails(call("validate", { ...base(), activation_id: activation }), "ResourceNotFound", /Not found/));

    test("the freed seat", async () => {
      const got = await call("activate", { ...base(), label: "desktop" });
      assert.notEqual(field(got, "id"), activation);
    });

    test("unknown key", () =>
      fails(call("validate", { ...base(), key: "NOPE" }), "ResourceNotFound", /Not found/));

    test("malformed UUID", () =>
      fails(call("deactivate", { ...base(), activation_id: "nope" }), "HTTPValidationError", /uuid_parsing/));
  });
}

describe("tokens", () => {
  const request = () => ({ key: keys["0.49 server"], organizationId: organization });

  // The SDKs have no class of their own for a 401 of these operations.
  test("0.49 with a wrong token", () =>
    fails(new Polar({ serverURL: url, accessToken: "wrong" }).licenseKeys.validate(request()), "SDKError", /401.*Unauthorized/));

  test("1.x with a wrong token", () =>
    fails(v202604.createPolar({ baseUrl: url, accessToken: "wrong" }).licenseKeys.validate({
      key: keys["1.x 2026-04 server"], organization_id: organization,
    }), "PolarClientError", /401.*Unauthorized/));

  test("another organization's key", () =>
    fails(new Polar({ serverURL: url, accessToken: token }).licenseKeys.validate({
      ...request(), organizationId: "0b0b0b0b-0000-4000-8000-00000000000b",
    }), "ResourceNotFound", /Not found/));
});
