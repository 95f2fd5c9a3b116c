# The old region's group is asked for another size, and that lands late: the run has not ended before.
# Without R8 it breaks.
seed 109
request autoscaling:UpdateAutoScalingGroup us-east-1 1 late 23171
4.000 begin failover graceful
5.001 calm
expect good
