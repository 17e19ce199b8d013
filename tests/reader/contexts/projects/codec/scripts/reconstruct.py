import argparse
import os
import sys

import torch
from omegaconf import OmegaConf

sys.path.insert(0, os.getcwd())
from codec.util import instantiate_from_config


def load_model_from_config(config, ckpt):
    model = instantiate_from_config(config.model)
    if os.path.exists(ckpt):
        model.load_state_dict(torch.load(ckpt, map_location="cpu"), strict=False)
    return model.eval()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--config", type=str, default="configs/vq.yaml")
    parser.add_argument("--ckpt", type=str, default="logs/last.ckpt")
    opt = parser.parse_args()
    config = OmegaConf.load(opt.config)
    model = load_model_from_config(config, opt.ckpt)
    if os.path.exists(opt.input):
        torch.save(model(torch.load(opt.input)), opt.output)


if __name__ == "__main__":
    main()
