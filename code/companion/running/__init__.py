"""Read notebooks and run them, each once for its inputs."""
