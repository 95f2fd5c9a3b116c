# It was left, with its primary writable, and it comes back: it stays fenced, and never two write (S1).
seed 41
4.000 control region us-east-1 isolated
40.000 control region us-east-1 up
120.000 calm
expect good
