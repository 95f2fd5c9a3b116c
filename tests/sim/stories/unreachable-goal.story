# pg_auto_failover 1168: a goal that nobody can reach. The standby starts no tasks, for good: the run asks, people
# answer, and it ends.
seed 1168
4.000 control service ecs us-west-2 capacity-refused
5.000 control region us-east-1 down
40.000 calm
expect good
