# The region came back while the controller stood still; between its decision and the begin of the run it heard of that.
seed 29624
4.000 control region us-east-1 down
5.837 control region us-east-1 up
9.606 pause 1379
10.106 calm
expect good
