"""What people see: the report of a run, and the alert of a failed one."""
