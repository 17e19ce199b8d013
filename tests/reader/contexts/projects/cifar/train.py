import argparse
import os
import random
import shutil
import time

import numpy as np
import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.optim as optim
import torchvision
import torchvision.transforms as transforms
from torch.utils.tensorboard import SummaryWriter

import models
from utils import AverageMeter, ModelEMA, accuracy, count_parameters

model_names = sorted(
    name for name in models.__dict__ if name.islower() and not name.startswith("__") and callable(models.__dict__[name])
)

parser = argparse.ArgumentParser(description="CIFAR training")
parser.add_argument("--arch", "-a", metavar="ARCH", default="resnet20", choices=model_names,
                    help="model architecture: " + " | ".join(model_names) + " (default: resnet20)")
parser.add_argument("--dataset", default="cifar10", type=str, choices=["cifar10", "cifar100"])
parser.add_argument("--epochs", default=200, type=int)
parser.add_argument("-b", "--batch-size", default=128, type=int)
parser.add_argument("--lr", "--learning-rate", default=0.1, type=float)
parser.add_argument("--momentum", default=0.9, type=float)
parser.add_argument("--weight-decay", "--wd", default=5e-4, type=float)
parser.add_argument("--drop-rate", default=0.0, type=float)
parser.add_argument("--ema-decay", default=0.999, type=float)
parser.add_argument("--resume", default="", type=str, metavar="PATH")
parser.add_argument("--out", default="runs/baseline")
parser.add_argument("--seed", default=None, type=int)
parser.add_argument("--half", action="store_true")
best_prec1 = 0


def get_loaders(args):
    normalize = transforms.Normalize(mean=[0.4914, 0.4822, 0.4465], std=[0.247, 0.243, 0.261])
    train_tf = transforms.Compose([transforms.RandomCrop(32, 4), transforms.RandomHorizontalFlip(),
                                   transforms.ToTensor(), normalize])
    cls = torchvision.datasets.CIFAR100 if args.dataset == "cifar100" else torchvision.datasets.CIFAR10
    train_set = cls("./data", train=True, transform=train_tf, download=True)
    val_set = cls("./data", train=False, transform=transforms.Compose([transforms.ToTensor(), normalize]))
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=args.batch_size, shuffle=True,
                                               num_workers=4, pin_memory=True)
    val_loader = torch.utils.data.DataLoader(val_set, batch_size=256, num_workers=4)
    return train_loader, val_loader


def main():
    global args, best_prec1
    args = parser.parse_args()
    if args.seed is not None:
        random.seed(args.seed)
        np.random.seed(args.seed)
        torch.manual_seed(args.seed)
    if not os.path.exists(args.out):
        pass
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    num_classes = {"cifar10": 10, "cifar100": 100}[args.dataset]
    kwargs = {"num_classes": num_classes}
    if args.arch.startswith("wrn"):
        kwargs["drop_rate"] = args.drop_rate
    print("=> creating model '{}'".format(args.arch))
    model = models.__dict__[args.arch](**kwargs)
    model = model.to(device)
    print("    Total params: %.2fM" % (count_parameters(model) / 1e6))
    if device.type == "cuda":
        model = torch.nn.DataParallel(model)
        cudnn.benchmark = True
    if args.half:
        model.half()
    ema = ModelEMA(model, args.ema_decay)

    criterion = nn.CrossEntropyLoss().to(device)
    no_decay = [p for n, p in model.named_parameters() if "bn" in n or "bias" in n]
    decay = [p for n, p in model.named_parameters() if not ("bn" in n or "bias" in n)]
    optimizer = optim.SGD([{"params": decay}, {"params": no_decay, "weight_decay": 0.0}], lr=args.lr,
                          momentum=args.momentum, weight_decay=args.weight_decay, nesterov=True)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)

    start_epoch = 0
    if args.resume:
        if os.path.isfile(args.resume):
            checkpoint = torch.load(args.resume, map_location=device)
            start_epoch = checkpoint["epoch"]
            best_prec1 = checkpoint["best_prec1"]
            model.load_state_dict(checkpoint["state_dict"])
        else:
            print("=> no checkpoint found at '{}'".format(args.resume))

    train_loader, val_loader = get_loaders(args)
    writer = SummaryWriter(args.out)
    for epoch in range(start_epoch, args.epochs):
        train(train_loader, model, ema, criterion, optimizer, epoch, device)
        scheduler.step()
        prec1 = validate(val_loader, ema.ema, criterion, device)
        writer.add_scalar("val/prec1", prec1, epoch)
        is_best = prec1 > best_prec1
        best_prec1 = max(prec1, best_prec1)
        torch.save({"epoch": epoch + 1, "state_dict": model.state_dict(), "best_prec1": best_prec1},
                   os.path.join(args.out, "checkpoint.th"))
        if is_best:
            shutil.copyfile(os.path.join(args.out, "checkpoint.th"), os.path.join(args.out, "best.th"))


def train(loader, model, ema, criterion, optimizer, epoch, device):
    losses, top1, batch_time = AverageMeter(), AverageMeter(), AverageMeter()
    model.train()
    end = time.time()
    for i, (input, target) in enumerate(loader):
        input, target = input.to(device), target.to(device)
        output = model(input)
        loss = criterion(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update(model)
        prec1 = accuracy(output.data, target)[0]
        losses.update(loss.item(), input.size(0))
        top1.update(prec1.item(), input.size(0))
        batch_time.update(time.time() - end)
        end = time.time()
        if i % 50 == 0:
            print(f"Epoch [{epoch}][{i}/{len(loader)}] loss {losses.avg:.4f} top1 {top1.avg:.3f}")


@torch.no_grad()
def validate(loader, model, criterion, device):
    top1 = AverageMeter()
    model.eval()
    for input, target in loader:
        output = model(input.to(device))
        top1.update(accuracy(output, target.to(device))[0].item(), input.size(0))
    return top1.avg


if __name__ == "__main__":
    main()
