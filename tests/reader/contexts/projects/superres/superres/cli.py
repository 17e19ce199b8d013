from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import torch
import typer
from torch.utils.data import DataLoader
from tqdm import tqdm

from superres import __version__
from superres.data import Pairs
from superres.nets import Arch, Preset, build

app = typer.Typer(help="Single image super-resolution.", no_args_is_help=True, add_completion=False)


class Scale(str, Enum):
    x2 = "x2"
    x3 = "x3"
    x4 = "x4"

    @property
    def factor(self) -> int:
        return int(self.value[1:])


class Loss(str, Enum):
    l1 = "l1"
    l2 = "l2"


def version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit()


@app.callback()
def common(
    version: Annotated[Optional[bool], typer.Option("--version", callback=version, is_eager=True)] = None,
) -> None:
    pass


@app.command()
def train(
    data: Path = typer.Argument(..., help="Folder with HR images."),
    arch: Arch = typer.Option(Arch.edsr, case_sensitive=False, help="Network."),
    preset: Preset = typer.Option(Preset.base, "--preset", "-p"),
    scale: int = typer.Option(2, min=2, max=4),
    width: Optional[int] = typer.Option(None, help="Overrides the preset's width."),
    mean_shift: bool = typer.Option(True, help="Subtract the mean of DIV2K."),
    loss: Loss = Loss.l1,
    epochs: int = 300,
    lr: float = 1e-4,
) -> None:
    """Train a network from scratch."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build(arch, preset, scale, width=width, mean_shift=mean_shift).to(device)
    typer.secho(f"{arch.value}: {sum(p.numel() for p in model.parameters()):,} parameters", fg="green")
    criterion = torch.nn.L1Loss() if loss is Loss.l1 else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loader = DataLoader(Pairs(data, scale), batch_size=16, shuffle=True)
    for epoch in range(epochs):
        for low, high in tqdm(loader, desc=f"epoch {epoch}"):
            optimizer.zero_grad(set_to_none=True)
            criterion(model(low.to(device)), high.to(device)).backward()
            optimizer.step()
        torch.save(model.state_dict(), f"{arch.value}_x{scale}.pt")


@app.command()
def upscale(
    image: Path,
    weights: Annotated[Optional[Path], typer.Option(help="Checkpoint.")] = None,
    arch: Annotated[Arch, typer.Option(case_sensitive=False)] = Arch.edsr,
    scale: Annotated[Scale, typer.Option()] = Scale.x2,
    tile: int = 0,
) -> None:
    """Upscale one image."""
    model = build(arch, Preset.base, scale.factor).eval()
    if weights is not None:
        model.load_state_dict(torch.load(weights, map_location="cpu"))
    model(torch.zeros(1, 3, tile or 48, tile or 48))


if __name__ == "__main__":
    app()
