# The region is back, and somebody declines what is behind its point of no return: there is no way back from there.
# Without R11 it breaks.
seed 81
settings 1
limits 29
request ecs:UpdateService us-west-2 1 not-sent 0
request ecs:DescribeServices us-west-2 2 slow 1398
request s3:GetObject eu-west-1 3 slow 2288
request s3:GetObject us-west-2 18 slow 3395
9.316 control region us-east-1 down
20.000 control region us-east-1 up
29.695 say ann decline
30.195 calm
expect good
