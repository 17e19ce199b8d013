# train a miniature character-level shakespeare model
out_dir = 'out-shakespeare-char'
eval_interval = 250
dataset = 'shakespeare_char'
batch_size = 64
block_size = 256 # context of up to 256 previous characters

# baby GPT model :)
n_layer = 6
n_head = 6
n_embd = 384
dropout = 0.2
vocab_size = 65

learning_rate = 1e-3
max_iters = 5000
