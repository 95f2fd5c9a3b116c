# GitHub, October 2018: the way to the active site is cut for 43 seconds, and the site lives on. The controller is cut
# off from it, knows that it is (its anchors are gone too), and moves nothing.
# Without ABSTAIN it breaks.
seed 2018
5.000 blind us-east-1
48.000 blind -
60.000 calm
expect good
