import argparse
import math
import random
import time

import torch
import torch.nn as nn
import torch.optim as optim
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

from model import BahdanauAttention, Decoder, Encoder, LuongAttention, Seq2Seq
from vocab import SRC, TRG

SEED = 1234
random.seed(SEED)
torch.manual_seed(SEED)
torch.backends.cudnn.deterministic = True

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", type=int, default=250)
parser.add_argument("--emb", type=int, default=None, help="default: half of --hidden")
parser.add_argument("--cell", choices=["gru", "lstm"], default="gru")
parser.add_argument("--attention", choices=["bahdanau", "luong"], default="bahdanau")
parser.add_argument("--dropout", type=float, default=0.5)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--clip", type=float, default=1)
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

ONES = "zero one two three four five six seven eight nine".split()


def spell(n):
    return " ".join(ONES[int(d)] for d in str(n))


def collate(batch):
    src = [torch.tensor(SRC.encode(str(n))) for n in batch]
    trg = [torch.tensor(TRG.encode(spell(n))) for n in batch]
    return pad_sequence(src, padding_value=SRC.pad), pad_sequence(trg, padding_value=TRG.pad)


train_iter = DataLoader(list(range(20000)), batch_size=128, shuffle=True, collate_fn=collate)
valid_iter = DataLoader(list(range(20000, 21000)), batch_size=128, collate_fn=collate)

INPUT_DIM = len(SRC)
OUTPUT_DIM = len(TRG)
EMB_DIM = args.emb or args.hidden // 2
HID_DIM = args.hidden

if args.attention == "bahdanau":
    attn = BahdanauAttention(HID_DIM, HID_DIM)
else:
    attn = LuongAttention(HID_DIM, HID_DIM)
enc = Encoder(INPUT_DIM, EMB_DIM, HID_DIM, HID_DIM, args.dropout, args.cell)
dec = Decoder(OUTPUT_DIM, EMB_DIM, HID_DIM, HID_DIM, args.dropout, attn)
model = Seq2Seq(enc, dec, SRC.pad, device).to(device)


def init_weights(m):
    for name, param in m.named_parameters():
        if "weight" in name:
            nn.init.normal_(param.data, mean=0, std=0.01)
        else:
            nn.init.constant_(param.data, 0)


model.apply(init_weights)
print(f"The model has {sum(p.numel() for p in model.parameters() if p.requires_grad):,} trainable parameters")
optimizer = optim.Adam(model.parameters())
criterion = nn.CrossEntropyLoss(ignore_index=TRG.pad)


def train(model, iterator, optimizer, criterion, clip):
    model.train()
    epoch_loss = 0
    for src, trg in iterator:
        src, trg = src.to(device), trg.to(device)
        optimizer.zero_grad()
        output = model(src, trg)
        output_dim = output.shape[-1]
        loss = criterion(output[1:].view(-1, output_dim), trg[1:].view(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        epoch_loss += loss.item()
    return epoch_loss / len(iterator)


def evaluate(model, iterator, criterion):
    model.eval()
    epoch_loss = 0
    with torch.no_grad():
        for src, trg in iterator:
            output = model(src.to(device), trg.to(device), 0)
            epoch_loss += criterion(output[1:].flatten(0, 1), trg[1:].flatten().to(device)).item()
    return epoch_loss / len(iterator)


best_valid_loss = float("inf")
for epoch in range(args.epochs):
    start_time = time.time()
    train_loss = train(model, train_iter, optimizer, criterion, args.clip)
    valid_loss = evaluate(model, valid_iter, criterion)
    if valid_loss < best_valid_loss:
        best_valid_loss = valid_loss
        torch.save(model.state_dict(), "seq2seq.pt")
    print(f"Epoch: {epoch + 1:02} | {time.time() - start_time:.0f}s")
    print(f"\tTrain Loss: {train_loss:.3f} | Train PPL: {math.exp(train_loss):7.3f}")
    print(f"\t Val. Loss: {valid_loss:.3f} |  Val. PPL: {math.exp(valid_loss):7.3f}")
