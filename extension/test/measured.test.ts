import assert from "node:assert/strict";
import test from "node:test";
import { failureText, targetRows } from "../src/measured";

const LOCAL = { name: "local", profile: "", way: "this computer", runner: "torch" };
const PI = { name: "kitchen", profile: "raspberry-pi-5", way: "ssh pi@kitchen", runner: "onnxruntime" };

test("the target that was chosen last comes first", () => {
  const labels = (last?: string) => targetRows([LOCAL, PI], last).map((row) => row.label);
  assert.deepEqual(labels(), ["local", "kitchen"]);
  assert.deepEqual(labels("kitchen"), ["kitchen", "local"]);
  assert.deepEqual(labels("sold"), ["local", "kitchen"]);
});

test("a target says what it is and how it is reached", () => {
  const said = targetRows([LOCAL, PI], undefined).map((row) => row.description);
  assert.deepEqual(said, ["this computer · torch", "raspberry-pi-5 · ssh pi@kitchen · onnxruntime"]);
});

test("a failure is one line with what to try", () => {
  const failure = { kind: "timeout", message: "was not done", advice: "", trace: "a\nb", output: "" };
  assert.equal(failureText(failure), "was not done");
  assert.equal(failureText({ ...failure, advice: "raise it" }), "was not done. raise it");
});
