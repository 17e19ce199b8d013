"""Sample from a trained model."""
import os
import torch
from model import GPTConfig, GPT

# -----------------------------------------------------------------------------
out_dir = 'out'
num_samples = 10
max_new_tokens = 500
temperature = 0.8
device = 'cpu'
exec(open('configurator.py').read())
# -----------------------------------------------------------------------------

checkpoint = torch.load(os.path.join(out_dir, 'ckpt.pt'), map_location=device)
gptconf = GPTConfig(**checkpoint['model_args'])
model = GPT(gptconf)
model.load_state_dict(checkpoint['model'])
model.eval()
