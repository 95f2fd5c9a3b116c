# A planned move is made ungraceful in its middle: what is promoted then still waits until nobody writes on the other side.
# Without FENCE it breaks.
seed 9
request autoscaling:DescribeAutoScalingGroups us-west-2 1 late 20606
2.000 begin failover graceful
6.000 say ann mode 1
6.596 calm
expect good
