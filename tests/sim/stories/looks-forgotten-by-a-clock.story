# The controller is away while its clock goes back by two minutes: nobody knows how old its look at the standby is, so nothing begins by itself on it.
# Taken for younger than it was, it let automation move on a look that was too old (S3).
app ../../tests/sim/ready.cfg
seed 484
request rds:DescribeGlobalClusters us-west-2 3 lost-after 0
request rds:DescribeGlobalClusters us-west-2 4 lost-after 0
77.000 control region us-east-1 isolated
79.000 crash 520
95.000 crash 2137
95.000 jump -132865
96.162 calm
expect good
