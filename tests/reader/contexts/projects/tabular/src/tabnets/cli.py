from pathlib import Path

import click
import torch

from tabnets import __version__
from tabnets.models import available, build
from tabnets.schema import SCHEMAS


@click.group()
@click.version_option(__version__)
@click.option("-v", "--verbose", count=True)
@click.pass_context
def cli(ctx: click.Context, verbose: int) -> None:
    """Deep nets for tables."""
    ctx.ensure_object(dict)
    ctx.obj["verbose"] = verbose


@cli.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--schema", type=click.Choice(sorted(SCHEMAS)), default="adult", show_default=True)
@click.option("--arch", type=click.Choice(["mlp", "resnet", "ft-transformer"]), default="mlp", show_default=True)
@click.option("--d-token", type=int, default=None)
@click.option("--dropout", type=click.FloatRange(0, 1), default=0.15)
@click.option("--epochs", default=100)
@click.option("--lr", default=1e-3, type=float)
@click.option("--device", envvar="TABNETS_DEVICE", default="cpu")
@click.pass_obj
def train(obj, data, schema, arch, d_token, dropout, epochs, lr, device):
    """Train one architecture."""
    model = build(arch, SCHEMAS[schema], d_token=d_token, dropout=dropout).to(device)
    if obj["verbose"]:
        click.echo(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    table = torch.load(data) if data.exists() else []
    for epoch in range(epochs):
        for x_num, x_cat, y in table:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x_num, x_cat).squeeze(1), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        click.echo(f"epoch {epoch}")


@cli.command("list")
def list_():
    for name in available():
        click.echo(name)


if __name__ == "__main__":
    cli()
