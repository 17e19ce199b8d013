import argparse


class TrainOptions:
    def __init__(self):
        self.initialized = False

    def initialize(self, parser):
        parser.add_argument("--dataset", type=str, default="facades")
        parser.add_argument("--direction", type=str, default="AtoB")
        parser.add_argument("--gpu_ids", type=str, default="-1", help="gpu ids: e.g. 0  0,1,2. use -1 for CPU")
        parser.add_argument("--input_nc", type=int, default=3)
        parser.add_argument("--output_nc", type=int, default=3)
        parser.add_argument("--ngf", type=int, default=64)
        parser.add_argument("--ndf", type=int, default=64)
        parser.add_argument("--netD", type=str, default="basic", help="[basic | n_layers | pixel]")
        parser.add_argument("--netG", type=str, default="unet_256")
        parser.add_argument("--n_layers_D", type=int, default=3)
        parser.add_argument("--norm", type=str, default="batch")
        parser.add_argument("--init_type", type=str, default="normal")
        parser.add_argument("--no_dropout", action="store_true")
        parser.add_argument("--lambda_L1", type=float, default=100.0)
        parser.add_argument("--lr", type=float, default=0.0002)
        parser.add_argument("--beta1", type=float, default=0.5)
        parser.add_argument("--n_epochs", type=int, default=100)
        parser.add_argument("--n_epochs_decay", type=int, default=100)
        self.initialized = True
        return parser

    def gather_options(self):
        if not self.initialized:
            parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
            parser = self.initialize(parser)
        opt, _ = parser.parse_known_args()
        self.parser = parser
        return parser.parse_args()

    def print_options(self, opt):
        message = "----------------- Options ---------------\n"
        for k, v in sorted(vars(opt).items()):
            comment = ""
            default = self.parser.get_default(k)
            if v != default:
                comment = "\t[default: %s]" % str(default)
            message += "{:>25}: {:<30}{}\n".format(str(k), str(v), comment)
        print(message)

    def parse(self):
        opt = self.gather_options()
        self.print_options(opt)
        str_ids = opt.gpu_ids.split(",")
        opt.gpu_ids = []
        for str_id in str_ids:
            id = int(str_id)
            if id >= 0:
                opt.gpu_ids.append(id)
        self.opt = opt
        return self.opt
