#!/usr/bin/env python
import argparse
import logging
import os
from pathlib import Path

import torch
import torch.nn as nn
import yaml
from torch.utils.data import DataLoader
from tqdm import tqdm

from textcls.data import TextDataset
from textcls.models import build_model

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
log = logging.getLogger("train")


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("-c", "--config", type=str, default="configs/textcnn.yaml")
    p.add_argument("--opts", nargs="*", default=[], help="a.b=value")
    p.add_argument("--workdir", default="work", type=Path)
    return p.parse_args()


def load_config(path, opts):
    with open(path) as f:
        cfg = yaml.safe_load(f)
    for opt in opts:
        key, value = opt.split("=", 1)
        *parents, last = key.split(".")
        node = cfg
        for p in parents:
            node = node[p]
        node[last] = yaml.safe_load(value)
    return cfg


def main():
    args = get_args()
    cfg = load_config(args.config, args.opts)
    torch.manual_seed(cfg["seed"])
    device = "cuda:0" if torch.cuda.is_available() else "cpu"

    data_cfg, train_cfg = cfg["data"], cfg["train"]
    train_loader = DataLoader(TextDataset(data_cfg["root"], "train", data_cfg["max_len"]),
                              batch_size=train_cfg["batch_size"], shuffle=True)
    model = build_model(cfg["model"], data_cfg).to(device)
    log.info("%s with %.1fM parameters", cfg["model"]["name"], sum(p.numel() for p in model.parameters()) / 1e6)
    if torch.cuda.device_count() > 1:
        model = nn.DataParallel(model)

    optimizer = getattr(torch.optim, train_cfg["optimizer"])(model.parameters(), lr=float(train_cfg["lr"]))
    criterion = nn.CrossEntropyLoss(label_smoothing=train_cfg.get("smoothing", 0.0))
    best = 0.0
    for epoch in range(train_cfg["epochs"]):
        model.train()
        bar = tqdm(train_loader, desc=f"epoch {epoch}")
        for x, y in bar:
            x, y = x.to(device), y.to(device)
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            bar.set_postfix(loss=loss.item())
        torch.save(model.state_dict(), os.path.join(args.workdir, "last.pt"))


if __name__ == "__main__":
    main()
