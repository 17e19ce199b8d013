import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, changes, changeText, front, marks, type Outcome, type Trial } from "../src/suggested";

function trial(number: number, median_s: number | null, params: number | null, more: Partial<Trial> = {}): Trial {
  const choices = { "conv.width": number };
  const rest = { macs: null, peak_bytes: null, iqr_s: 0.2, state: "measured", choices };
  return { trial: number, median_s, params, ...rest, ...more };
}

test("marks are what was measured; the original is known by changing nothing", () => {
  const trials = [
    trial(0, 2, 100, { choices: {} }),
    trial(1, 1, 90),
    trial(2, 0.05, 80),
    trial(3, null, 70, { state: "estimate" }),
    trial(4, 1, null),
    trial(5, 1, 50, { state: "compiled", iqr_s: null }),
  ];
  const found = marks(trials, new Set([1]));
  assert.deepEqual(
    found.map(({ trial, role }) => [trial, role]),
    [[0, "original"], [1, "suggested"], [2, "measured"], [5, "compiled"]],
  );
  assert.deepEqual([found[1]?.low, found[1]?.high], [0.9, 1.1]);
  assert.equal(found[2]?.low, 0);
});

test("the front has what nothing else is both faster and larger than", () => {
  const trials = [trial(0, 2, 100), trial(1, 1, 90), trial(2, 1.5, 80), trial(3, 1, 60), trial(4, 3, 100)];
  assert.deepEqual(front(marks(trials, new Set())).map(({ trial }) => trial), [1, 0]);
});

test("an axis holds every value within, and its ticks too, even of one value", () => {
  for (const values of [[0.001, 0.0035], [64, 64], [0, 0]]) {
    const { at, ticks } = axis(values, 300, 10);
    for (const value of [...values, ...ticks]) {
      assert.ok(at(value) <= 300 && at(value) >= 10, `${value} of ${String(values)}`);
    }
    assert.ok(ticks.length >= 2 && ticks.length <= 7, String(ticks));
  }
});

test("a change is by what was measured in turns, where it was", () => {
  const original = trial(0, 2, 100, { choices: {} });
  const once = { ...trial(1, 1.5, 90), confidence: "measured once", again: null };
  const again = { ...once, confidence: "confirmed", again: { ratio: 0.8 } };
  const slower = { ...once, again: { ratio: 1.021 } };
  const outcome: Outcome = {
    ...{ place: "net.py:Net", device: "local", runner: "eager", dtype: "float32", says: "", notes: [] },
    how: "measured",
    points: [
      { name: "conv.width", present: 60, says: "aligned" },
      { name: "conv.kernel", present: 5, says: "" },
    ],
    original,
    suggestions: [once],
    trials: [original, once],
  };
  assert.deepEqual(
    [once, again, slower].map((row) => changeText(outcome, row)),
    ["-25.0 %", "-20.0 %", "+2.1 %"],
  );
  assert.equal(changeText({ ...outcome, original: trial(0, null, 100) }, once), "?");
  assert.deepEqual(changes(outcome, once), ["conv.width: 60 → 1 (aligned)"]);
  assert.deepEqual(changes(outcome, original), []);
});
