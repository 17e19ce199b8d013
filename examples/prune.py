"""Makes the CIFAR-10 network sparse before it goes to the device."""

import argparse

import torch
from torch import nn
from torch.nn.utils import prune

from cnn import small_resnet


def prune_convs(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            prune.l1_unstructured(module, name="weight", amount=0.5)
            prune.remove(module, "weight")


def prune_head(model: nn.Module) -> None:
    heads = [(module, "weight") for module in model.modules() if isinstance(module, nn.Linear)]
    prune.global_unstructured(heads, pruning_method=prune.L1Unstructured, amount=0.3)


def sparsity(model: nn.Module) -> float:
    zeros = sum(int((p == 0).sum()) for p in model.parameters())
    return zeros / sum(p.numel() for p in model.parameters())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint")
    args = parser.parse_args()

    model = small_resnet()
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint))
    prune_convs(model)
    prune_head(model)
    print(f"{sparsity(model):.1%} of the weights are zero")


if __name__ == "__main__":
    main()
