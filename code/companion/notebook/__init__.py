"""What runs inside notebooks: publishing, style, the ensembles of a cluster."""
