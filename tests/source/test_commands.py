"""Commands that documents show."""

import pytest

from hwlint.source.commands import Command, read_commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    python train.py --depth 22\n", [("train.py", ("--depth", "22"))]),
        ("$ python3 ./tools/train.py configs/a.yaml\n", [("tools/train.py", ("configs/a.yaml",))]),
        ("CUDA_VISIBLE_DEVICES=0 python train.py -b 4 > log.txt\n", [("train.py", ("-b", "4"))]),
        (
            "python train.py --a 1 \\\n    --b 2 && echo done\n",
            [("train.py", ("--a", "1", "--b", "2"))],
        ),
        ("torchrun --nproc_per_node 8 train.py --x\n", [("train.py", ("--x",))]),
        ("python -m torch.distributed.launch --nproc_per_node=4 t.py\n", [("t.py", ())]),
        ("python -m pkg.train --name 'a b'\n", [("pkg.train", ("--name", "a b"))]),
        ("Run `python main.py --arch vgg` to start.\n", [("main.py", ("--arch", "vgg"))]),
        ("python train.py  # the default\n", [("train.py", ())]),
        ("python train.py --data $DATA\npython train.py --ckpt <file>\n", []),
        ("python -c 'print(1)'\nWe use python for all.\n", []),
    ],
)
def test_commands(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(c.target, c.words) for c in read_commands(text)] == expected


def test_line_of_a_command() -> None:
    (command,) = read_commands("# Use\n\n    python a.py\n")
    assert command == Command("a.py", (), 2)
