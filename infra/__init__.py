"""The CDK app, the embedded target and the operator's command line."""
