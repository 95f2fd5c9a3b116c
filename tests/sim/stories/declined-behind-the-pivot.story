# The region is back, and somebody declines what is behind its point of no return: there is no way back from there.
# Without R11 it breaks.
seed 81
settings 1
5.000 control region us-east-1 down
8.121 control region us-east-1 up
29.695 say ann decline
30.195 calm
expect good
