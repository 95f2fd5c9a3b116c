# pg_auto_failover's guard_data_loss: the standby falls behind by more than the objective, then the primary dies. No
# promotion beyond the objective without a person's word (S4).
# Without RPO it breaks.
seed 31
4.000 control lag us-west-2 8000
12.000 control lag us-west-2 16000
20.000 control lag us-west-2 24000
28.000 control lag us-west-2 32000
36.000 control lag us-west-2 40000
44.000 control lag us-west-2 48000
50.000 control region us-east-1 down
75.000 calm
expect good
