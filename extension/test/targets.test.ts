import assert from "node:assert/strict";
import { test } from "node:test";
import { coverageText, devicesIn, rows, statusText } from "../src/targets";

const DEVICES = [
  { id: "stm32h743", name: "STM32H743", kind: "mcu", dtype: "int8" },
  { id: "h100-sxm", name: "NVIDIA H100", kind: "gpu", dtype: "bf16" },
];

test("devices stand under their kind, chosen ones ticked", () => {
  const shown = rows(DEVICES, ["stm32h743"]);
  assert.deepEqual(
    shown.map((row) => [row.label, row.heading, row.picked]),
    [
      ["GPUs", true, false],
      ["h100-sxm", false, false],
      ["Microcontrollers", true, false],
      ["stm32h743", false, true],
    ],
  );
  assert.equal(shown[3]?.description, "STM32H743 · int8");
});

test("the status bar names two targets and counts more", () => {
  assert.equal(statusText([]), "hwlint");
  assert.equal(statusText(["a"]), "hwlint: a");
  assert.equal(statusText(["a", "b"]), "hwlint: a, b");
  assert.equal(statusText(["a", "b", "c"]), "hwlint: a +2");
});

test("what was read is said plainly", () => {
  assert.equal(coverageText(0, 0), "no models found");
  assert.equal(coverageText(12, 14), "12 of 14 entry points read");
});

test("devices are read as the server lists them", () => {
  const printed = '[{"id": "a", "name": "A", "kind": "gpu", "aliases": []}]';
  assert.deepEqual(devicesIn(printed), [{ id: "a", name: "A", kind: "gpu", dtype: "" }]);
});
