"""What runs inside notebooks: publishing, style, the ensembles of a cluster."""

FOLDER = "_published"  # beside the running notebook: what it publishes
