# It is stopped, and its controller stands still, while answers are late: nothing lands after its end has been told.
seed 81
settings 1
request s3:GetObject us-west-2 9 slow 3197
request ecs:DescribeServices us-west-2 17 slow 4523
request s3:GetObject us-west-2 15 not-sent 0
request s3:GetObject us-west-2 18 slow 3395
request s3:GetObject us-west-2 20 slow 3315
5.000 control region us-east-1 down
8.000 control region us-east-1 up
29.000 say bob stop
29.000 pause 63938
30.400 calm
expect good
