"""The embedded target: the AWS runtime on this machine, the stand-in source APIs and the demo world."""
