import assert from "node:assert/strict";
import { test } from "node:test";
import { find, interpreters, isMissing, type Surroundings } from "../src/find";

const SAFE = { PYTHONSAFEPATH: "1" };
const BUNDLE = { libs: "/ext/bundled/libs", python: "3.11", platform: "linux-x64" };

/** Interpreters by name, as "3.12" or, with hwlint, "3.12+hwlint". */
function around(known: Record<string, string>, changes: Partial<Surroundings> = {}): Surroundings {
  return {
    configuredPath: "",
    configuredInterpreter: "",
    bundledOnly: false,
    bundle: BUNDLE,
    platform: "linux-x64",
    pythonExtension: () => Promise.resolve(undefined),
    folders: ["/ws"],
    trusted: true,
    windows: false,
    exists: (file) => file in known,
    probe: (interpreter) => {
      const [version, has] = known[interpreter]?.split("+") ?? [];
      const answer = version === undefined ? undefined : { version, hasHwlint: has === "hwlint" };
      return Promise.resolve(answer);
    },
    ...changes,
  };
}

test("a configured executable goes before everything", async () => {
  const found = await find(around({}, { configuredPath: "/opt/hwlint" }));
  const command = { command: "/opt/hwlint", args: ["server"], env: SAFE, origin: "hwlint.path" };
  assert.deepEqual(found, command);
});

test("interpreters are tried from the most particular to the most general", async () => {
  const found = await interpreters(
    around(
      { "/ws/.venv/bin/python": "3.11" },
      {
        configuredInterpreter: "/a/python",
        pythonExtension: () => Promise.resolve("/b/python"),
      },
    ),
  );
  assert.deepEqual(
    found.map(([interpreter]) => interpreter),
    ["/a/python", "/b/python", "/ws/.venv/bin/python", "python3"],
  );
});

test("an untrusted workspace brings no interpreter of its own", async () => {
  const found = await interpreters(
    around(
      { "/ws/.venv/bin/python": "3.11+hwlint" },
      { trusted: false, pythonExtension: () => Promise.resolve("/b") },
    ),
  );
  assert.deepEqual(found, [["python3", "the PATH"]]);
});

test("the first interpreter that has hwlint is taken, and takes no module from where it starts", async () => {
  const known = { "/b/python": "3.11", python3: "3.12+hwlint" };
  const chosen = { pythonExtension: () => Promise.resolve("/b/python") };
  assert.deepEqual(await find(around(known, chosen)), {
    command: "python3",
    args: ["-P", "-m", "hwlint", "server"],
    env: SAFE,
    origin: "the PATH",
  });
});

const BUNDLED = {
  args: ["-P", "-m", "hwlint", "server"],
  env: { ...SAFE, PYTHONPATH: BUNDLE.libs },
  origin: "bundled",
};

test("the bundled copy runs in the first interpreter of its version", async () => {
  const known = { "/ws/.venv/bin/python": "3.12", python3: "3.11" };
  assert.deepEqual(await find(around(known)), { command: "python3", ...BUNDLED });
});

test("the bundled copy runs in a Python of its version that has another name", async () => {
  const known = { python3: "3.13", "python3.11": "3.11" };
  assert.deepEqual(await find(around(known)), { command: "python3.11", ...BUNDLED });
});

test("the bundled copy can be asked for", async () => {
  const found = await find(around({ python3: "3.11+hwlint" }, { bundledOnly: true }));
  assert.deepEqual(found, { command: "python3", ...BUNDLED });
});

test("an interpreter that was asked for is not passed over in silence", async () => {
  const known = { "/a/python": "3.11", python3: "3.11+hwlint" };
  const found = await find(around(known, { configuredInterpreter: "/a/python" }));
  assert.ok(isMissing(found));
  assert.equal(found.wanted, "/a/python");
  assert.equal(found.bundleRuns, true);
  assert.equal(found.why, "");
});

test("where there is none, the places are named, and what the bundle is for", async () => {
  const found = await find(around({ python3: "3.13" }));
  assert.ok(isMissing(found));
  assert.deepEqual(found.tried, ["python3 (the PATH)"]);
  assert.equal(found.bundleRuns, false);
  assert.match(found.why, /CPython 3\.11 on linux-x64/);
});

test("a bundle for another platform does not run", async () => {
  const found = await find(around({ python3: "3.11" }, { platform: "darwin-arm64" }));
  assert.ok(isMissing(found));
  assert.equal(found.bundleRuns, false);
});
