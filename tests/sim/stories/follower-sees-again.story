# The same, but it sees again just before it leads: what it saw while it was cut off is forgotten, and not acted on.
seed 1840
controllers 2
10.000 node 1 blind us-east-1
10.000 node 0 blind us-east-1
34.000 node leader crash 40000
37.800 node 0 blind -
37.800 node 1 blind -
60.000 calm
expect good
