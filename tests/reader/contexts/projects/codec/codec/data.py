from pathlib import Path

import torch
from torch.utils.data import Dataset


class AudioFolder(Dataset):
    def __init__(self, root, segment):
        self.files = sorted(Path(root).rglob("*.pt")) or [None]
        self.segment = segment

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return torch.load(self.files[i])[:, : self.segment]
