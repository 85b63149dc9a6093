"""Stage `features`: point-in-time features of every customer, and the labelled examples that models learn from."""
