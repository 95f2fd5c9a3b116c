# A step fails while the controller is being stopped and killed; whoever is asked what now is told why also by the next process.
seed 4391
21.000 control region us-east-1 down
24.000 pause 3679
28.431 pause 3583
35.000 crash-request 3 5490
39.000 pause 51588
46.000 crash-commit 1 kept 823
46.000 pause 144496
46.594 calm
expect good
