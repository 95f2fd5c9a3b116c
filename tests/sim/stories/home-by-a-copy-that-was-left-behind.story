# The mode was changed while a planned move went on, so that the copy of the GO object in the region that was left still led
# users there. On the way home its fence made that copy the newest: users were led to data that took no writes yet.
seed 18515
request s3:PutObject us-west-2 20 lost-before 3034
4.278 begin failover graceful
19.000 say bob mode 1
56.000 begin failback graceful
56.534 calm
expect good
