"""From a file with a table to X, Y and the critical step size: read, prepare, command."""
