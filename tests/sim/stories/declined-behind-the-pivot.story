# The region is back, and somebody declines what is behind its point of no return: there is no way back from there.
# Without R11 it breaks.
seed 81
settings 1
limits 29
request s3:GetObject us-west-2 15 not-sent 0
request s3:GetObject us-west-2 18 slow 3395
9.000 control region us-east-1 down
20.000 control region us-east-1 up
29.000 say ann decline
30.195 calm
expect good
