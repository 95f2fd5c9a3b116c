# The journal takes nothing for twenty seconds; the controller is started over and over, and goes on when it can.
seed 5
4.000 control region us-east-1 down
16.000 full 20000
40.000 calm
expect good
