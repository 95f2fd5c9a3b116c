# A drill is put back while the request for its size is still on its way: it must not have the last word.
seed 30
request ecs:UpdateService us-west-2 2 late 24587
4.982 begin drill graceful
5.482 calm
expect good
