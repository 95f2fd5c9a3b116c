# The wall clock is set back while the run goes on: the RTO in the report is as long as users waited.
seed 6607
50.000 control region us-east-1 down
65.000 jump -90000
110.000 calm
expect good
