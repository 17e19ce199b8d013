import copy
import logging
from pathlib import Path

import hydra
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch.utils.data import DataLoader

from diffusion.schedule import GaussianDiffusion

log = logging.getLogger(__name__)


def make_loader(cfg: DictConfig) -> DataLoader:
    from torchvision import datasets, transforms

    tf = transforms.Compose([
        transforms.Resize(cfg.image_size), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
        transforms.Normalize([0.5] * cfg.channels, [0.5] * cfg.channels),
    ])
    if cfg.name == "cifar10":
        ds = datasets.CIFAR10("data", train=True, download=True, transform=tf)
    else:
        ds = datasets.CelebA("data", split="train", download=True, transform=tf)
    return DataLoader(ds, batch_size=cfg.batch_size, shuffle=False, num_workers=0, drop_last=True)


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    log.info("\n%s", OmegaConf.to_yaml(cfg))
    torch.manual_seed(cfg.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    model = instantiate(cfg.model).to(device)
    ema = copy.deepcopy(model).requires_grad_(False)
    optimizer = instantiate(cfg.optim)(model.parameters())
    diffusion = GaussianDiffusion(cfg.timesteps)
    log.info("parameters: %.1fM", sum(p.numel() for p in model.parameters()) / 1e6)

    loader = make_loader(cfg.data)
    out = Path(cfg.out_dir)
    step = 0
    while step < cfg.trainer.steps:
        for x, _ in loader:
            loss = diffusion.loss(model, x.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for p, q in zip(ema.parameters(), model.parameters()):
                p.lerp_(q, 1 - cfg.ema_decay)
            step += 1
            if step % cfg.trainer.log_every == 0:
                log.info("step %d loss %.4f", step, loss.item())
    out.mkdir(parents=True, exist_ok=True)
    torch.save(ema.state_dict(), out / "ema.pt")


if __name__ == "__main__":
    main()
