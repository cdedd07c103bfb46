"""Who runs tasks that do not depend on each other: this process, or a Ray cluster."""
