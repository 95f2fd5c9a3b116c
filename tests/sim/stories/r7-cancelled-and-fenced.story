# The hole that the first simulation found: a run is cancelled, undoing the fence sees nothing to undo, and then the
# fence that was on its way lands: cancelled and fenced. Poison or wait (R7).
# Without R4 or CAS it breaks: R7 is the second line here.
seed 7
request s3:PutObject us-west-2 1 late 20000
request s3:PutObject eu-west-1 1 late 21000
request s3:PutObject us-east-1 1 late 22000
4.000 begin failover graceful
6.000 say ann cancel
40.000 calm
expect good
