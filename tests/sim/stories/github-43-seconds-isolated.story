# The same 43 seconds, but it is the region that nobody reaches, users included; its writer goes on. What is moved is
# fenced first; when the region comes back there are never two who write, and nothing moves back by itself.
seed 2019
5.000 control region us-east-1 isolated
48.000 control region us-east-1 up
120.000 calm
expect good
