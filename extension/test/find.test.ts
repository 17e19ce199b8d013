import assert from "node:assert/strict";
import { test } from "node:test";
import { find, interpreters, type Surroundings } from "../src/find";

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    configuredPath: "",
    configuredInterpreter: "",
    pythonExtension: () => Promise.resolve(undefined),
    folders: ["/ws"],
    trusted: true,
    windows: false,
    exists: () => false,
    has: () => Promise.resolve(true),
    ...changes,
  };
}

test("a configured executable goes before everything", async () => {
  const found = await find(around({ configuredPath: "/opt/hwlint" }));
  assert.deepEqual(found, { command: "/opt/hwlint", args: ["server"], origin: "hwlint.path" });
});

test("interpreters are tried from the most particular to the most general", async () => {
  const found = await interpreters(
    around({
      configuredInterpreter: "/a/python",
      pythonExtension: () => Promise.resolve("/b/python"),
      exists: (file) => file === "/ws/.venv/bin/python",
    }),
  );
  assert.deepEqual(
    found.map(([interpreter]) => interpreter),
    ["/a/python", "/b/python", "/ws/.venv/bin/python", "python3"],
  );
});

test("an untrusted workspace brings no interpreter of its own", async () => {
  const found = await interpreters(
    around({ trusted: false, pythonExtension: () => Promise.resolve("/b"), exists: () => true }),
  );
  assert.deepEqual(found, [["python3", "the PATH"]]);
});

test("the first interpreter that has hwlint is taken", async () => {
  const found = await find(
    around({
      pythonExtension: () => Promise.resolve("/b/python"),
      has: (interpreter) => Promise.resolve(interpreter === "python3"),
    }),
  );
  assert.deepEqual(found, {
    command: "python3",
    args: ["-m", "hwlint", "server"],
    origin: "the PATH",
  });
});

test("where there is none, the places are named", async () => {
  const found = await find(around({ has: () => Promise.resolve(false) }));
  assert.deepEqual(found, ["python3 (the PATH)"]);
});
