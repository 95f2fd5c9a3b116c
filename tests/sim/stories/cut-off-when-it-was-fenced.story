# The copy is fenced while the region serves, and the region is cut off before its app has read so: it writes on until its last
# permission has run out. What is promoted waits for that, and not for the time in which an app that reads would have heard.
seed 9
2.000 begin failover ungraceful
2.135 control region us-east-1 isolated
60.000 calm
expect good
