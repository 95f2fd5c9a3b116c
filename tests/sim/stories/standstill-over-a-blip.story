# The region was down for some seconds; the controller stood still while it came back, and began a failover on what it
# had seen before. Results that have grown too old are looked at first (engine.c, grow_old).
seed 603
3.000 control region us-east-1 down
5.000 control region us-east-1 up
6.924 pause 2784
7.424 calm
expect good
