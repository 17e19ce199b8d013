import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, share, time } from "../src/numbers";

test("times keep three digits in the unit that fits", () => {
  assert.deepEqual(
    [0, 68.756, 0.992, 0.00024434, 6.387e-6, 1.5e-9].map(time),
    ["0", "68.8 s", "992 ms", "244 µs", "6.39 µs", "1.50 ns"],
  );
});

test("counts and bytes, and what is not known", () => {
  assert.deepEqual([0, 999, 2800, 135475200, 50.3e9, null].map(count), [
    "0",
    "999",
    "2.80K",
    "135M",
    "50.3G",
    "?",
  ]);
  assert.deepEqual([12, 2048, 6773810, null].map(bytes), ["12 B", "2.00 KiB", "6.46 MiB", "?"]);
});

test("a share that is there is never said to be nothing", () => {
  assert.deepEqual([0, 0.0004, 0.026, 0.34, 1].map(share), ["0 %", "<0.1 %", "2.6 %", "34 %", "100 %"]);
});
