# AWS, October 2025: a delayed enactor applied its old plan over a newer one. Here the write that leads traffic away is
# late; people cancel meanwhile, and what they put back must not be undone when it lands.
# Without R4 or CAS it breaks.
seed 2025
request s3:PutObject us-west-2 1 late 28000
request s3:PutObject us-west-2 2 late 28000
request s3:PutObject eu-west-1 1 late 28000
5.000 begin failover graceful
9.000 say ann cancel
45.000 calm
expect good
