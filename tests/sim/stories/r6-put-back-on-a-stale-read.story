# Reads are stale and a service is throttled, a run is cancelled, and the standby is put back to its size. What is seen is seen twice, or versioned (R6).
# Without R6 it breaks: put back, but the standby is not of its size again.
seed 735
6.315 begin failover graceful
6.415 control stale 944
6.415 control service ecs us-west-2 throttled
7.814 say ann cancel
8.314 calm
expect good
