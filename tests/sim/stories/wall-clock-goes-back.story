# Markers of the data carry the wall clock's time. After it went back, old ones looked new: 5 s of writes were lost, and
# the report said 0. Nothing is known until the clock is where it was (watch.h, clock_from_ms).
seed 615
6.000 control region us-east-1 isolated
10.000 jump -48371
11.099 calm
expect good
