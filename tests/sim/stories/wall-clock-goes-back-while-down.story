# It goes back while the controller is down: the journal's rows are of later than now, and what was measured does not count.
seed 3436
rates not-sent 193 lost-before 169 slow 617 late-max 30000
4.000 control lag us-west-2 2000
12.000 control lag us-west-2 10000
24.000 control lag us-west-2 22000
36.000 control lag us-west-2 34000
48.000 control lag us-west-2 46000
52.711 control region us-east-1 down
52.811 control stale 744
56.624 crash 4917
59.621 jump -64462
66.726 rate 1014013
69.007 calm
expect good
