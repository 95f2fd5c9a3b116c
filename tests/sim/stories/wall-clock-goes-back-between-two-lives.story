# It is set back while the controller is away, in the middle of a run: the machine is the same, and so is its boot clock.
seed 6608
50.000 control region us-east-1 down
65.000 crash 4000
66.000 jump -36000
110.000 calm
expect good
