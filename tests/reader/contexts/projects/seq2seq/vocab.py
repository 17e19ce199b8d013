import string

PAD, SOS, EOS = "<pad>", "<sos>", "<eos>"
SPECIALS = [PAD, SOS, EOS]


class CharVocab:
    def __init__(self, chars):
        self.itos = SPECIALS + sorted(set(chars))
        self.stoi = {c: i for i, c in enumerate(self.itos)}

    def __len__(self):
        return len(self.itos)

    @property
    def pad(self):
        return self.stoi[PAD]

    def encode(self, text):
        return [self.stoi[SOS]] + [self.stoi[c] for c in text] + [self.stoi[EOS]]

    def decode(self, ids):
        return "".join(self.itos[i] for i in ids if i > 2)


SRC = CharVocab(string.digits)
TRG = CharVocab(string.ascii_lowercase + " -")
