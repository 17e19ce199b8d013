from pathlib import Path

from torch.utils.data import Dataset


class Pairs(Dataset):
    def __init__(self, root: Path, scale: int, patch: int = 96):
        self.files = [f"{i:04}.png" for i in range(1, 801)]
        self.root, self.scale, self.patch = root, scale, patch

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        raise NotImplementedError
