# The same at the gate: 44 s behind, an objective of 30 s, and nobody was asked.
seed 6606
12.000 control lag us-west-2 10000
24.000 control lag us-west-2 22000
36.000 control lag us-west-2 34000
48.000 control lag us-west-2 44000
50.000 control region us-east-1 down
62.000 jump -170468
62.939 calm
expect good
