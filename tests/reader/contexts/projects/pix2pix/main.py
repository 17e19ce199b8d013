import itertools
import time

import torch

import networks
from options import TrainOptions


class Pix2PixModel:
    def __init__(self, opt):
        self.opt = opt
        self.device = torch.device("cuda:{}".format(opt.gpu_ids[0])) if opt.gpu_ids else torch.device("cpu")
        self.netG = networks.define_G(opt.input_nc, opt.output_nc, opt.ngf, opt.netG, opt.norm, not opt.no_dropout,
                                      opt.init_type, opt.gpu_ids)
        self.netD = networks.define_D(opt.input_nc + opt.output_nc, opt.ndf, opt.netD, opt.n_layers_D, opt.norm,
                                      opt.init_type, opt.gpu_ids)
        self.criterionGAN = networks.GANLoss("vanilla").to(self.device)
        self.criterionL1 = torch.nn.L1Loss()
        self.optimizer_G = torch.optim.Adam(self.netG.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
        self.optimizer_D = torch.optim.Adam(self.netD.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
        self.schedulers = [networks.get_scheduler(o, opt) for o in (self.optimizer_G, self.optimizer_D)]

    def set_input(self, data):
        AtoB = self.opt.direction == "AtoB"
        self.real_A = data["A" if AtoB else "B"].to(self.device)
        self.real_B = data["B" if AtoB else "A"].to(self.device)

    def set_requires_grad(self, nets, requires_grad=False):
        if not isinstance(nets, list):
            nets = [nets]
        for net in nets:
            for param in net.parameters():
                param.requires_grad = requires_grad

    def optimize_parameters(self):
        self.fake_B = self.netG(self.real_A)
        self.set_requires_grad(self.netD, True)
        self.optimizer_D.zero_grad()
        pred_fake = self.netD(torch.cat((self.real_A, self.fake_B), 1).detach())
        pred_real = self.netD(torch.cat((self.real_A, self.real_B), 1))
        loss_D = (self.criterionGAN(pred_fake, False) + self.criterionGAN(pred_real, True)) * 0.5
        loss_D.backward()
        self.optimizer_D.step()
        self.set_requires_grad(self.netD, False)
        self.optimizer_G.zero_grad()
        pred_fake = self.netD(torch.cat((self.real_A, self.fake_B), 1))
        loss_G = self.criterionGAN(pred_fake, True) + self.criterionL1(self.fake_B, self.real_B) * self.opt.lambda_L1
        loss_G.backward()
        self.optimizer_G.step()


class RandomPairs(torch.utils.data.Dataset):
    def __len__(self):
        return 400

    def __getitem__(self, i):
        return {"A": torch.rand(3, 256, 256), "B": torch.rand(3, 256, 256)}


if __name__ == "__main__":
    opt = TrainOptions().parse()
    dataset = torch.utils.data.DataLoader(RandomPairs(), batch_size=1)
    model = Pix2PixModel(opt)
    total_iters = 0
    for epoch in range(1, opt.n_epochs + opt.n_epochs_decay + 1):
        epoch_start_time = time.time()
        for i, data in enumerate(dataset):
            total_iters += 1
            model.set_input(data)
            model.optimize_parameters()
        for scheduler in model.schedulers:
            scheduler.step()
        print("End of epoch %d \t Time Taken: %d sec" % (epoch, time.time() - epoch_start_time))
