"""Who is who: records of the source matched with people whom the target has, or will have from a second source."""
