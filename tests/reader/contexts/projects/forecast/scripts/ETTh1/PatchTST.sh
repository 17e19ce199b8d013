if [ ! -d "./logs" ]; then
    mkdir ./logs
fi
export CUDA_VISIBLE_DEVICES=0
model_name=PatchTST
seq_len=336

python -u run.py \
  --is_training 1 \
  --model_id ETTh1_96_96 \
  --model $model_name \
  --data ETTh1 \
  --seq_len $seq_len \
  --pred_len 96 \
  --enc_in 7 \
  --e_layers 3 \
  --n_heads 4 \
  --d_model 16 \
  --d_ff 128 \
  --dropout 0.3 --patch_len 16 --stride 8 \
  --itr 1 --batch_size 128 --learning_rate 0.0001
