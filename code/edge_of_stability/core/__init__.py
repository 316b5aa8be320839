"""Parameters, losses and their derivatives: what everything else is built on."""
