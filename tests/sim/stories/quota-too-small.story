# S3: a rehearsal took a quota that was too small for something that a run would change
app ../../tests/sim/ready.cfg
seed 932
13.000 control make service-quotas us-west-2 {"service":"fargate","code":"L-3032A538","value":6}
71.000 control region us-east-1 down
102.000 calm
expect good
