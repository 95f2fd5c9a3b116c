# A name that another automation took away at rest: whoever looks says so, and a planned move asks before it touches anything.
app ../../tests/sim/names.cfg
seed 2025
4.000 control make route53 us-east-1 {"kind":"no-record","zone":"Z0SHOP","name":"img.example.com"}
5.000 rehearse
40.000 begin failover graceful
60.000 calm
expect good
