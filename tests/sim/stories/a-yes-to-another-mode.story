# Two must say yes. One does; then somebody switches the mode, and another one says yes: the first yes was for something else.
# Without APPROVAL it breaks.
seed 5
settings 3
5.000 control region us-east-1 down
20.000 say ann approve
21.000 say eve mode 0
22.000 say bob approve
30.000 calm
expect good
