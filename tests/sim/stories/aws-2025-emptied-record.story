# AWS, October 2025, its other half: a cleanup by an old plan deleted what a newer one had put there, and the record set was empty until people
# mended it by hand. Here another automation takes one name away before a run, and one while its change is on its way: the run leads both again.
app ../../tests/sim/names.cfg
seed 2025
4.000 control make route53 us-east-1 {"kind":"no-record","zone":"Z0SHOP","name":"api.example.com"}
5.000 control app shop sick us-east-1
12.000 say ann approve
30.200 control make route53 us-east-1 {"kind":"no-record","zone":"Z0SHOP","name":"img.example.com"}
60.000 calm
expect good
