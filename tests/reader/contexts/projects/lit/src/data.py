import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

LABELS = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"]


class SpeechCommands(pl.LightningDataModule):
    def __init__(self, data_dir: str, batch_size: int = 32, n_mels: int = 40):
        super().__init__()
        self.data_dir = data_dir
        self.batch_size = batch_size
        self.n_mels = n_mels

    @property
    def num_classes(self) -> int:
        return len(LABELS) + 2  # unknown and silence

    def setup(self, stage=None):
        self.train = TensorDataset(torch.randn(1000, 1, self.n_mels, 101), torch.randint(0, self.num_classes, (1000,)))

    def train_dataloader(self):
        return DataLoader(self.train, self.batch_size, shuffle=True, num_workers=4)
