from argparse import ArgumentParser

import pytorch_lightning as pl

from src.data import SpeechCommands
from src.lit_model import KeywordSpotter


def cli_main():
    pl.seed_everything(1234)

    parser = ArgumentParser()
    parser.add_argument("--batch_size", default=256, type=int)
    parser.add_argument("--data_dir", default="data", type=str)
    parser.add_argument("--max_epochs", default=60, type=int)
    parser = KeywordSpotter.add_model_specific_args(parser)
    args = parser.parse_args()

    dm = SpeechCommands(args.data_dir, args.batch_size, n_mels=args.n_mels)
    model = KeywordSpotter(num_classes=dm.num_classes, **vars(args))

    trainer = pl.Trainer(max_epochs=args.max_epochs, accelerator="auto", gradient_clip_val=1.0)
    trainer.fit(model, datamodule=dm)
    trainer.test(ckpt_path="best", datamodule=dm)


if __name__ == "__main__":
    cli_main()
