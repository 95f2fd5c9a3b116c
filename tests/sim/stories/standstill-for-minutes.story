# SIGSTOP for two minutes in mid-run: what was sent lands, what was answered is too late, and the run goes on by looking.
seed 11
4.000 control region us-east-1 down
14.000 pause 120000
135.000 calm
expect good
