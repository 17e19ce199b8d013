python -u run.py --is_training 1 --model_id ETTh1_336_192 --model DLinear --data ETTh1 --seq_len 336 --pred_len 192 --enc_in 7 --individual > logs/dlinear.log
