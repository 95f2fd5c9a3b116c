# Reads are often stale, a run is cancelled, and the standby is put back to its size. What is seen is seen twice, or versioned (R6).
# Without R6 it breaks: put back, but the standby is not of its size again.
seed 1525
request ecs:UpdateService us-west-2 1 not-sent 0
request s3:GetObject us-west-2 6 lost-before 3446
request autoscaling:DescribeAutoScalingGroups us-west-2 2 slow 3315
request ecs:DescribeServices us-west-2 10 lost-after 0
7.000 control region us-east-1 isolated
7.000 control stale 765
11.000 rate 982970
14.712 say bob cancel
19.712 calm
expect good
