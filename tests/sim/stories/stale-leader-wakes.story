# R2, R9: the leader is stopped between a step's look and its change, for longer than its lead lasts; another one leads, and goes on. When
# it wakes it began the promotion again, 14 s after it had been overtaken. Whoever shares a journal changes nothing once its lead may be
# another's (shell.c, still_leads), and is not told then that its rows are durable (share.c, may_tell_durable).
seed 5930
controllers 3
share ttl 4000 request 1000 poll 2000 election 500 trip 32 lost-before 8 delayed 6 refused 26 hollow 14 late-max 30000
5.000 control region us-east-1 down
18.000 control service rds us-west-2 slow 1500
22.000 node leader pause 17253
41.000 calm
expect good
