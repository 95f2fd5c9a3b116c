# An answer that ends in the middle, of a question whose refusals are told by their codes: one without any made the
# comparison of two regions' lists spin for ever.
seed 92
rates lost-after 35 cut 2000 late-max 30000
2.788 begin failover graceful
6.848 crash 3835
10.949 crash-request 6 3910
40.000 calm
expect good
