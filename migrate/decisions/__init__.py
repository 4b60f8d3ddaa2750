"""What people answered to worklist items: data of the workspace, applied by the next run."""
