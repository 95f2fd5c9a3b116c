# S3: what the last look had found too small stopped a run for as long as the look counted, and then no more
app ../../tests/sim/ready.cfg
seed 2005
33.000 control make service-quotas us-west-2 {"service":"fargate","code":"L-3032A538","value":6}
85.000 control region us-east-1 down
150.000 calm
expect good
