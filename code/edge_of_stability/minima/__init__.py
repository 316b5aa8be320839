"""Global minimizers: which there are, how flat they can be, and which are stable."""
