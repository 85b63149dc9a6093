"""`holdfast`, the operator's command line: the same commands on either target."""
