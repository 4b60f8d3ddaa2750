"""The cutover runbook: who does what and when, how long it takes, how one tells that it worked, and how one gets back."""
