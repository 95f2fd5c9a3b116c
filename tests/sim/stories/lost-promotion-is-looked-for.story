# Promotions arrive half a minute late, twice: before it is tried again, somebody looks what became of it.
# Without R5 it breaks.
seed 3
request rds:FailoverGlobalCluster us-west-2 1 late 29515
request rds:FailoverGlobalCluster us-west-2 2 late 25597
11.000 control region us-east-1 down
11.910 calm
expect good
