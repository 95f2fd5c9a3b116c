# The commit happened, its word was lost: the intent is durable, nothing was sent (R1, R5).
# Without R1 it breaks.
seed 6
4.000 begin failover graceful
5.000 crash-commit 6 kept 1000
9.000 crash-commit 3 kept 1000
30.000 calm
expect good
