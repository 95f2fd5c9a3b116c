# A run is rolled back while the request for the standby's size is still on its way: it must not have the last word.
# Without R7 it breaks.
seed 367
request ecs:UpdateService us-west-2 1 late 22480
5.000 control region us-east-1 down
14.000 say ann rollback
15.403 calm
expect good
