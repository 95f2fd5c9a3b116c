# The same, and it is set right while the controller is down: nobody sees it jump.
app strategies/backup-restore.cfg
seed 1596
3.000 begin failover graceful
8.000 jump -120922
12.600 crash 2000
13.000 jump 188035
16.000 calm
expect good
