# The wall clock is two minutes behind when the fence is noted, and one ahead when a recovery point is chosen: one from before the
# fence is dated after what was noted, and its loss of seconds was told as none.
app strategies/backup-restore.cfg
seed 1596
3.000 begin failover graceful
8.000 jump -120922
13.000 jump 188035
13.619 calm
expect good
