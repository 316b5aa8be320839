"""What runs inside notebooks: publishing and style."""

FOLDER = "_published"  # beside the running notebook: what it publishes
