# A controller that follows is cut off from the active region, and knows it (its anchors are gone too). Then the lead comes
# to it: it began a failover at once, on what it had seen, before it had judged itself. Whoever follows keeps its opinion
# of itself as a leader does (engine_self.c, engine_self_hear).
seed 2165
controllers 2
10.000 node 1 blind us-east-1
11.000 node 0 blind us-east-1
34.000 node leader pause 40000
72.000 calm
expect good
