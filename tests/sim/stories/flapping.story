# Down, up, down, up: one move at most, no way back by itself, and a cooldown after it (S8).
# Without COOLDOWN it breaks.
seed 12
4.000 control region us-east-1 down
9.000 control region us-east-1 up
12.000 control region us-east-1 down
16.000 control region us-east-1 up
20.000 control region us-east-1 down
90.000 control region us-east-1 up
100.000 control region us-west-2 down
130.000 control region us-west-2 up
140.000 calm
expect good
