import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report, Row } from "../src/protocol";
import { heat, rowsAt, sharesOf } from "../src/rows";

const URI = "file:///net.py";

function row(name: string, line: number | null, shares: Record<string, number>, uri = URI): Row {
  const costs = Object.entries(shares).map(([device, share]) => ({
    device,
    dtype: "int8",
    seconds: share,
    bound: "compute",
    share,
    breaks: [],
  }));
  const numbers = { params: 1, macs: 1, bytes: 1, share: null };
  return { name, kind: "Conv2d", line, uri, output: "1x3", ...numbers, costs };
}

function report(rows: Row[], silent: string[] = []): Report {
  const devices = ["a", "b"].map((device) => ({
    device,
    dtype: "int8",
    seconds: silent.includes(device) ? null : 1,
    bound: "compute",
    breaks: [],
    weightBytes: 1,
    peakBytes: 1,
    silentFor: silent.includes(device) ? "no rate" : null,
  }));
  return { model: "Net", about: "", uri: URI, line: 0, rows, charts: [], devices, note: "" };
}

test("all layers of a line are its rows, those of other files are not", () => {
  const told = report([
    row("a", 4, {}),
    row("b", 5, {}),
    row("c", 4, {}),
    row("d", 4, {}, "file:///other.py"),
    row("e", null, {}),
  ]);
  assert.deepEqual(rowsAt(told, URI, 4), [0, 2]);
});

test("a line's share is that of all its layers on the first device with an estimate", () => {
  const rows = [row("x", 4, { a: 0.2, b: 0.5 }), row("y", 4, { a: 0.1, b: 0.5 }), row("z", 6, { a: 0 })];
  const [line, ...others] = sharesOf(report(rows), URI);
  assert.ok(line !== undefined && Math.abs(line.share - 0.3) < 1e-9);
  assert.deepEqual([line.line, line.layers, line.device], [4, 2, "a"]);
  assert.deepEqual(others, []);
  assert.equal(sharesOf(report(rows, ["a"]), URI)[0]?.device, "b");
  assert.deepEqual(sharesOf(report(rows, ["a", "b"]), URI), []);
});

test("more is warmer", () => {
  assert.deepEqual([0.001, 0.02, 0.1, 0.2, 0.6].map(heat), [0, 1, 2, 3, 4]);
});
