model_name="TCN"

for pred_len in 96 192 336
do
  python -u run.py \
    --is_training 1 \
    --model_id ETTh1_$pred_len \
    --model $model_name \
    --data ETTh1 \
    --pred_len $pred_len \
    --d_model 256 --e_layers 5 --dropout 0.1 | tee logs/${model_name}_$pred_len.log
done
