import argparse, os, sys, datetime

import torch
from omegaconf import OmegaConf
from torch.utils.data import DataLoader

from codec.util import count_params, instantiate_from_config


def get_parser(**parser_kwargs):
    def str2bool(v):
        if isinstance(v, bool):
            return v
        if v.lower() in ("yes", "true", "t", "y", "1"):
            return True
        elif v.lower() in ("no", "false", "f", "n", "0"):
            return False
        else:
            raise argparse.ArgumentTypeError("Boolean value expected.")

    parser = argparse.ArgumentParser(**parser_kwargs)
    parser.add_argument("-n", "--name", type=str, const=True, default="", nargs="?", help="postfix for logdir")
    parser.add_argument("-b", "--base", nargs="*", metavar="base_config.yaml", default=list(),
                        help="paths to base configs. Loaded from left-to-right.")
    parser.add_argument("-t", "--train", type=str2bool, const=True, default=False, nargs="?", help="train")
    parser.add_argument("-s", "--seed", type=int, default=23, help="seed for seed_everything")
    return parser


if __name__ == "__main__":
    now = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    sys.path.append(os.getcwd())

    parser = get_parser()
    opt, unknown = parser.parse_known_args()
    if not opt.base:
        print("nothing to do: no --base")
        sys.exit(0)
    nowname = now + ("_" + opt.name if opt.name else "")
    torch.manual_seed(opt.seed)

    # init and save configs
    configs = [OmegaConf.load(cfg) for cfg in opt.base]
    cli = OmegaConf.from_dotlist(unknown)
    config = OmegaConf.merge(*configs, cli)
    lightning_config = config.pop("lightning", OmegaConf.create())
    trainer_config = lightning_config.get("trainer", OmegaConf.create())

    # model
    model = instantiate_from_config(config.model)
    count_params(model, verbose=True)
    model.learning_rate = config.model.base_learning_rate

    if opt.train:
        data = instantiate_from_config(config.data)
        optimizer = torch.optim.Adam(model.parameters(), lr=model.learning_rate, betas=(0.5, 0.9))
        for epoch in range(trainer_config.max_epochs):
            for x in DataLoader(data, batch_size=4):
                y, mean, logvar = model(x)
                loss = model.loss(x, y, mean, logvar)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        torch.save(model.state_dict(), os.path.join("logs", nowname, "last.ckpt"))
