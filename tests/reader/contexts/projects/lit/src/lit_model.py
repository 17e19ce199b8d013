from argparse import ArgumentParser
from typing import Any, Optional

import pytorch_lightning as pl
import torch
from torch import nn

from src.blocks import SpecTransformer, build_bcresnet


class KeywordSpotter(pl.LightningModule):
    def __init__(self, model: str = "bcresnet", n_mels: int = 80, num_classes: int = 35, tau: float = 2.0,
                 d_model: int = 160, learning_rate: float = 1e-3, weight_decay: float = 1e-4, warmup: int = 500,
                 mixup_alpha: Optional[float] = None, **kwargs: Any):
        super().__init__()
        self.save_hyperparameters()
        self.net = self._build()
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.example_input_array = torch.zeros(1, 1, self.hparams.n_mels, 100)

    def _build(self) -> nn.Module:
        hp = self.hparams
        if hp.model == "bcresnet":
            return build_bcresnet(hp.n_mels, hp.num_classes, tau=hp.tau)
        if hp.model == "transformer":
            return SpecTransformer(hp.n_mels, hp["num_classes"], d_model=hp.d_model)
        raise ValueError(f"unknown model {hp.model}")

    @staticmethod
    def add_model_specific_args(parent_parser: ArgumentParser) -> ArgumentParser:
        parser = ArgumentParser(parents=[parent_parser], add_help=False)
        parser.add_argument("--model", type=str, default="bcresnet", choices=["bcresnet", "transformer"])
        parser.add_argument("--n_mels", type=int, default=40)
        parser.add_argument("--tau", type=float, default=1.5)
        parser.add_argument("--d_model", type=int, default=192)
        parser.add_argument("--learning_rate", type=float, default=1e-3)
        return parser

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = self.criterion(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_acc", (self(x).argmax(1) == y).float().mean(), prog_bar=True)

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.hparams.learning_rate,
                                weight_decay=self.hparams.weight_decay)
        sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / self.hparams.warmup))
        return {"optimizer": opt, "lr_scheduler": {"scheduler": sched, "interval": "step"}}
